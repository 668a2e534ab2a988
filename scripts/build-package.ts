// `npm pack`: what is in the package? Everything that `drover` runs, as JavaScript since Node strips no types below node_modules, and the dashboard.
import { execFileSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { dashboardDir, ensureDashboard } from "./build-dashboard.ts";

const root = resolve(import.meta.dirname, "..");
// What an earlier build left must not travel along.
rmSync(join(root, "dist"), { recursive: true, force: true });
const compiler = join(root, "node_modules/typescript-7/bin/tsc");
// Types for those who write programs against the client; of the rest nobody imports anything.
for (const project of ["package.tsconfig.json", "package-types.tsconfig.json"]) {
  execFileSync(process.execPath, [compiler, "-p", join(import.meta.dirname, project)], { stdio: "inherit" });
}
const bundler = join(root, "functions/sandbox/image/bundle.mjs");
execFileSync(process.execPath, [bundler, root, join(root, "dist/sandbox")], { stdio: "inherit" });
await ensureDashboard((line) => console.error(line));
cpSync(dashboardDir, join(root, "dist", relative(root, dashboardDir)), { recursive: true });
