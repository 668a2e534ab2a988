// Which files does git leave alone, by the .gitignore files on the way to them?
import ignore, { type Ignore } from "ignore";

/** The rules that hold inside one folder: its own and those of all folders above. */
export interface IgnoreRules {
  /** `path` is relative to the root; a folder's ends with a slash. */
  ignores(path: string): boolean;
  /** `folder` is relative to the root, "" for the root itself. */
  with(gitignore: string, folder: string): IgnoreRules;
}

export const noRules: IgnoreRules = wrapRules(newMatcher());

function wrapRules(matcher: Ignore): IgnoreRules {
  return {
    ignores: (path) => matcher.ignores(path),
    with(gitignore, folder) {
      const patterns = gitignore
        .replace(/^\ufeff/, "")
        .split(/\r?\n/)
        .flatMap((line) => rootPattern(line, folder));
      return patterns.length === 0 ? this : wrapRules(newMatcher().add(matcher).add(patterns.join("\n")));
    },
  };
}

function newMatcher(): Ignore {
  return ignore({ ignorecase: false });
}

/**
 * The same pattern, seen from the root. So one list holds all rules in git's order, where the last match decides;
 * asking one list per folder would let a rule above overrule what a folder below has taken back.
 */
function rootPattern(line: string, folder: string): string[] {
  if (line === "" || line.startsWith("#")) return [];
  if (folder === "") return [line];
  const negated = line.startsWith("!") ? "!" : "";
  // A backslash keeps `#` and `!` from their meaning at the start, where they will not be any more.
  const body = line.slice(negated.length).replace(/^\\(?=[#!])/, "");
  if (body.trim() === "") return [];
  const anchored = /\/(?!\s*$)/.test(body);
  const inside = anchored ? body.replace(/^\//, "") : `**/${body}`;
  return [`${negated}/${escapeFolder(folder)}/${inside}`];
}

function escapeFolder(folder: string): string {
  return folder.replace(/[\\*?[\]{}()!#\s]/g, "\\$&");
}
