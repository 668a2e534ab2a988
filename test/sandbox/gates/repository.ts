// What do the tests of the gates share? Small real repositories, with a base commit and commits made upon it.
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Repository } from "../../../functions/git/objects.ts";
import { git, makeTempDir, writeFiles } from "../../git/native-git.ts";

type Files = Parameters<typeof writeFiles>[1];
/** Undefined deletes the file. */
type Changes = Record<string, Files[string] | undefined>;

export interface TestRepository {
  repository: Repository;
  base: string;
  /** A commit upon the base, as if an agent had made it. */
  commit(changes: Changes): string;
}

export function makeRepository(files: Files): TestRepository {
  const dir = makeTempDir();
  git(dir, ["init", "-q", "-b", "main"]);
  const save = (message: string) => {
    git(dir, ["add", "-A", "--force"]);
    git(dir, ["commit", "-q", "--allow-empty", "-m", message]);
    return git(dir, ["rev-parse", "HEAD"]).trim();
  };
  writeFiles(dir, files);
  const base = save("Base");
  return {
    repository: { gitDir: join(dir, ".git"), baseCommit: base, cache: {} },
    base,
    commit(changes) {
      git(dir, ["checkout", "-q", "-f", base]);
      const kept: Files = {};
      for (const [path, content] of Object.entries(changes)) {
        rmSync(join(dir, path), { recursive: true, force: true });
        if (content !== undefined) kept[path] = content;
      }
      writeFiles(dir, kept);
      return save("Work");
    },
  };
}

export const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
