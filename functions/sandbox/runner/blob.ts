// What id and size does git give to what lies at a path, without following a link or being caught by an odd file?
import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { setImmediate as breathe } from "node:timers/promises";
import { gitBlobId } from "../../git/blob-id.ts";

export type Blob = { kind: "blob"; size: number; oid: string; executable: boolean } | { kind: "skipped"; why: string };

/** A sparse file can claim to be of any size; hashing one of this size takes about a second. */
const maxHashedBytes = 1024 * 1024 * 1024;
const chunkBytes = 4 * 1024 * 1024;

/** Synchronous calls: for many small files they are several times faster. A large one lets others in now and then. */
export async function readBlob(path: string): Promise<Blob> {
  // The path was a regular file a moment ago. O_NONBLOCK: opening a fifo would wait for a writer.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) return { kind: "skipped", why: "it changed while it was read" };
    if (stats.size > maxHashedBytes) return { kind: "skipped", why: "it is larger than 1 GiB" };
    const oid = await hash(descriptor, stats.size);
    if (oid === undefined) return { kind: "skipped", why: "it changed while it was read" };
    return { kind: "blob", size: stats.size, oid, executable: (stats.mode & 0o100) !== 0 };
  } finally {
    closeSync(descriptor);
  }
}

/** Undefined when there is less to read than there was. */
async function hash(descriptor: number, size: number): Promise<string | undefined> {
  const buffer = Buffer.allocUnsafe(Math.min(size, chunkBytes));
  if (size <= chunkBytes) return readSync(descriptor, buffer) === size ? gitBlobId(buffer) : undefined;

  const digest = createHash("sha1").update(`blob ${size}\0`);
  for (let left = size; left > 0; ) {
    const count = readSync(descriptor, buffer, 0, Math.min(left, chunkBytes), null);
    if (count === 0) return undefined;
    digest.update(buffer.subarray(0, count));
    left -= count;
    await breathe();
  }
  return digest.digest("hex");
}
