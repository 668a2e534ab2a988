// What can the same program do where it has every right, and nothing to harm?
import type { Field, Program } from "./field.ts";

/** As root of namespaces of its own, which end with it. */
export async function inScratchNamespaces(field: Field, program: Program): Promise<string> {
  const inner = { node: "inner.mjs", perl: "inner.pl", sh: "inner.sh" }[program.language];
  const options = "--user --map-root-user --mount --uts --net --ipc --pid --fork".split(" ");
  const outer: Program = {
    language: "node",
    source: `import { spawnSync } from "node:child_process";
      const options = ${JSON.stringify([...options, program.language, inner, ...(program.args ?? [])])};
      process.stdout.write(spawnSync("unshare", options, { stdio: ["ignore", "pipe", "inherit"] }).stdout);`,
    files: { ...program.files, [inner]: program.source },
  };
  return field.open(outer);
}
