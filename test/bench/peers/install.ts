// How does a bench get packages that only it needs? npm installs them, at fixed versions, into a directory of their own.
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const installMs = 180_000;

/** Answers a path to resolve them from. No script of theirs is run. */
export async function installPackages(directory: string, versions: Record<string, string>): Promise<string> {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "package.json"), JSON.stringify({ private: true, dependencies: versions }));
  const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--silent"];
  await promisify(execFile)("npm", args, { cwd: directory, timeout: installMs });
  return join(directory, "package.json");
}
