// Where is a program of this machine?
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

/** The first match on PATH and then in the places where distributions put system tools. */
export function findProgram(name: string): string | undefined {
  const onPath = (process.env.PATH ?? "").split(delimiter).filter((directory) => isAbsolute(directory));
  return [...onPath, "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"]
    .map((directory) => join(directory, name))
    .find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // absent, or not ours to run: look further
  }
}
