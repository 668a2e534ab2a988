// How does the model find its way among the files?
import { z } from "zod";
import type { Workspace } from "../../workspace.ts";
import { collect, type Files } from "./files.ts";
import { defineTool, fail, type Outcome, type Tool } from "./tool.ts";

const input = z.strictObject({
  path: z.string().min(1).default("."),
  glob: z.string().min(1).optional().describe("Only names like this, such as *.test.ts"),
  depth: z.int().min(1).max(20).default(4),
});

/** Noise for whoever looks for sources. */
export const leftOut = [".git", "node_modules"] as const;
const maxEntries = 1_000;

export function openList(workspace: Workspace, files: Files): Tool {
  return defineTool({
    name: "list_files",
    description: `Lists files and directories below a path, without what lies in ${leftOut.join(" and ")}.`,
    input,
    async run({ path, glob, depth }) {
      const place = await files.place(path);
      if (place.kind === "unusable") return fail(`${place.why}.`);
      return listFiles(workspace, { path: place.path, glob, depth });
    },
  });
}

export async function listFiles(
  workspace: Workspace,
  { path, glob, depth }: { path: string; glob?: string | undefined; depth: number },
): Promise<Outcome> {
  const prune = leftOut.flatMap((name, index) => (index === 0 ? ["-name", name] : ["-o", "-name", name]));
  const wanted = glob === undefined ? [] : ["-name", glob];
  const find = ["find", `./${path}`, "-mindepth", "1", "-maxdepth", String(depth)];
  const argv = [...find, "(", ...prune, ")", "-prune", "-o", ...wanted, "-printf", "%y %P\\n"];
  const script = `"$@" | LC_ALL=C sort -k2 | head -n ${maxEntries + 1}`;
  const { stdout, stderr } = await collect(workspace, ["sh", "-c", script, "sh", ...argv]);
  const lines = stdout.toString().split("\n").filter(Boolean);
  if (lines.length === 0) {
    return stderr.length > 0 ? fail(stderr.toString().slice(0, 500)) : { text: `Nothing like that is below ${path}.` };
  }
  const shown = lines.slice(0, maxEntries).map((line) => `${line.slice(2)}${line.startsWith("d ") ? "/" : ""}`);
  const more =
    lines.length > maxEntries ? [`[drover: only the first ${maxEntries}; narrow the path, glob or depth]`] : [];
  return { text: [...shown, ...more].join("\n") };
}
