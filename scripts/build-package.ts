// `npm pack`: what is in the package? The command line, the MCP server and the client as JavaScript with types, since Node strips none below node_modules.
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
// What an earlier build left must not travel along.
rmSync(join(root, "dist"), { recursive: true, force: true });
const compiler = join(root, "node_modules/typescript-7/bin/tsc");
execFileSync(process.execPath, [compiler, "-p", join(import.meta.dirname, "package.tsconfig.json")], {
  stdio: "inherit",
});
