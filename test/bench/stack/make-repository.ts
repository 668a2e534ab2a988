// Which repository do the tasks of a bench name? One with a single commit.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export function makeRepository(directory: string): string {
  mkdirSync(directory, { recursive: true });
  const git = (...args: string[]) => execFileSync("git", args, { cwd: directory });
  git("init", "--quiet", "--initial-branch=main");
  writeFileSync(join(directory, "README.md"), "# Measured\n");
  git("add", ".");
  git("-c", "user.name=T", "-c", "user.email=t@localhost", "commit", "--quiet", "-m", "base");
  return directory;
}
