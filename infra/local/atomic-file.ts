// How does a stand-in write a file so that a crash leaves the old one or the new one, never half of one?
import { randomUUID } from "node:crypto";
import { link, open, rename, rm } from "node:fs/promises";

/**
 * Writes beside the target, syncs, then renames; 0600, since the file may hold secrets. With `onlyIfAbsent` the name
 * is taken by `link`, which fails with EEXIST if somebody was faster.
 */
export async function writeAtomically(
  path: string,
  parts: readonly (string | Uint8Array)[],
  options: { onlyIfAbsent?: boolean } = {},
): Promise<void> {
  const temporaryPath = `${path}.${randomUUID()}.tmp`;
  const file = await open(temporaryPath, "wx", 0o600);
  try {
    try {
      for (const part of parts) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    if (options.onlyIfAbsent) await link(temporaryPath, path);
    else await rename(temporaryPath, path);
  } finally {
    await rm(temporaryPath, { force: true });
  }
}
