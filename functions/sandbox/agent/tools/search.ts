// How does the model find text in the repository?
import { z } from "zod";
import type { Workspace } from "../../workspace.ts";
import { clipLines } from "./clip.ts";
import { collect, type Files } from "./files.ts";
import { leftOut } from "./list.ts";
import { defineTool, fail, type Tool } from "./tool.ts";

const input = z.strictObject({
  pattern: z.string().min(1).describe("An extended regular expression, as grep -E takes it"),
  path: z.string().min(1).default("."),
  glob: z.string().min(1).optional().describe("Only files with names like this, such as *.ts"),
  ignoreCase: z.boolean().default(false),
});

const maxMatches = 200;
const maxMatchesPerFile = 50;
const searchMs = 60_000;

export function openSearch(workspace: Workspace, files: Files): Tool {
  return defineTool({
    name: "search",
    description: `Searches the text files of the repository, without ${leftOut.join(" and ")}. Answers path:line:text.`,
    input,
    limitMs: searchMs + 30_000,
    async run({ pattern, path, glob, ignoreCase }) {
      const place = await files.place(path);
      if (place.kind === "unusable") return fail(`${place.why}.`);
      const argv = [
        ..."grep -rnIE --no-messages --binary-files=without-match".split(" "),
        `--max-count=${maxMatchesPerFile}`,
        ...leftOut.map((name) => `--exclude-dir=${name}`),
        ...(glob === undefined ? [] : [`--include=${glob}`]),
        ...(ignoreCase ? ["--ignore-case"] : []),
        ...["-e", pattern, "--", place.path],
      ];
      const script = `{ "$@" || [ $? -eq 1 ] || echo failed >&2; } | head -n ${maxMatches + 1} | head -c 1000000`;
      const { stdout, stderr, timedOut } = await collect(workspace, ["sh", "-c", script, "sh", ...argv], searchMs);
      if (timedOut) return fail("The search took too long and was killed. Narrow the path.");
      const lines = stdout.toString().split("\n").filter(Boolean);
      if (lines.length === 0 && stderr.length > 0) return fail(`grep refuses ${JSON.stringify(pattern)}.`);
      if (lines.length === 0) return { text: "Nothing matches." };
      const shown = lines.slice(0, maxMatches).map((line) => line.replace(/^\.\//, ""));
      const more =
        lines.length > maxMatches ? [`[drover: only the first ${maxMatches} matches; narrow the search]`] : [];
      return { text: clipLines([...shown, ...more].join("\n")) };
    },
  });
}
