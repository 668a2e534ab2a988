// Whose data directory is this, and may this process use it? One stack at a time, and no older drover on newer data.
import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readProcess } from "./sandbox/process-table.ts";

/** Raised when a newer drover writes what an older one would misread. */
const dataFormat = 1;
const minFreeBytes = 256 * 1024 * 1024;

/** A problem that the person who starts the stack can solve; shown without a stack trace. */
export class SetUpError extends Error {}

export interface DataDir {
  path: string;
  /** Lets the next stack in. */
  release(): void;
}

/** Makes the directory if it is missing, and locks it. Throws SetUpError with what to do. */
export function openDataDir(path: string): DataDir {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const lock = join(path, "lock.json");
    refuseFull(path);
    refuseNewer(path);
    takeLock(path, lock);
    return { path, release: () => rmSync(lock, { force: true }) };
  } catch (error) {
    if (error instanceof SetUpError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOSPC")
      throw new SetUpError(`There is no space left on the disk of ${path}. Free some, then start again.`);
    if (code === "EACCES" || code === "EROFS" || code === "EPERM") {
      throw new SetUpError(`${path} cannot be written (${code}). Choose another directory with --data.`);
    }
    throw new SetUpError(`${path} cannot be used as the data directory: ${message}`);
  }
}

function refuseFull(path: string): void {
  const { bavail, bsize } = statfsSync(path);
  if (bavail * bsize >= minFreeBytes) return;
  throw new SetUpError(
    `Only ${Math.floor((bavail * bsize) / 1024 / 1024)} MiB are free on the disk of ${path}, and drover wants ` +
      `${minFreeBytes / 1024 / 1024} MiB. Free some, or choose another directory with --data.`,
  );
}

function refuseNewer(path: string): void {
  const file = join(path, "format.json");
  if (!existsSync(file)) {
    writeFileSync(file, JSON.stringify({ format: dataFormat }), { mode: 0o600 });
    return;
  }
  const { format } = JSON.parse(readFileSync(file, "utf8")) as { format?: unknown };
  if (format === dataFormat) return;
  throw new SetUpError(
    `${path} was written by another version of drover (data format ${format}, this one has ${dataFormat}). ` +
      "Use that version, or start with another directory: --data PATH. Nothing in it was changed.",
  );
}

/** A lock whose process is gone (kill -9, power loss) is taken over: a pid alone may have been given to another. */
function takeLock(path: string, lock: string): void {
  const mine = JSON.stringify({ pid: process.pid, startTicks: readProcess(process.pid)?.startTicks });
  for (let tries = 0; tries < 3; tries += 1) {
    try {
      writeFileSync(lock, mine, { flag: "wx", mode: 0o600 });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = readHolder(lock);
    if (
      holder?.pid !== undefined &&
      readProcess(holder.pid)?.startTicks === holder.startTicks &&
      holder.pid !== process.pid
    ) {
      throw new SetUpError(
        `drover already runs on ${path} (process ${holder.pid}). Use that one, or choose another directory with --data.`,
      );
    }
    rmSync(lock, { force: true });
  }
  throw new SetUpError(`${path} is being opened by another process. Try again.`);
}

function readHolder(lock: string): { pid?: number; startTicks?: string } | undefined {
  try {
    return JSON.parse(readFileSync(lock, "utf8"));
  } catch {
    return undefined; // Half-written by a process that died: nobody holds it.
  }
}
