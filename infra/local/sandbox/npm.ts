// Where is npm on this machine?
import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { findProgram } from "./find-program.ts";

/** The directory of npm's own package: the npm that started us, the one beside our runtime, or the one on PATH. */
export function findNpmPackage(): string | undefined {
  const launcher = process.env.npm_execpath;
  const onPath = findProgram("npm");
  return [
    launcher && dirname(dirname(launcher)),
    join(dirname(process.execPath), "../lib/node_modules/npm"),
    onPath && dirname(dirname(realpathSync(onPath))),
    onPath && join(dirname(onPath), "../lib/node_modules/npm"),
  ].find((directory) => directory && existsSync(join(directory, "bin/npm-cli.js")));
}
