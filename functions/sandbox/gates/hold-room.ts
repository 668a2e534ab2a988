// How does the container of the gates learn that it is wanted, or that nobody will want it any more?
import { execFile } from "node:child_process";
import { openSync, writeSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * A shell in that container reads from a pipe which this process holds open (see infra/sandbox-containers.ts): a line
 * means that the room is wanted, and the end that this process is gone, however it went. Call it once.
 */
export async function holdRoom(socketFolder: string): Promise<{ want(): void }> {
  await mkdir(socketFolder, { recursive: true, mode: 0o700 });
  const draft = join(socketFolder, ".wanted");
  await run("mkfifo", ["-m", "644", draft]);
  // For reading as well, or it would wait for a reader; never closed, as long as this process lives.
  const pipe = openSync(draft, "r+");
  // Whoever sees it under its name finds it held.
  await rename(draft, join(socketFolder, "wanted"));
  return { want: () => void writeSync(pipe, "wanted\n") };
}
