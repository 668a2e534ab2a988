// How does a workspace get a disk of its own size? An image file that root mounts where only the container sees it.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findProgram } from "./find-program.ts";
import { containerGid, isRoot } from "./ordinary-user.ts";

const run = promisify(execFile);
/** Sources are many small files. */
const bytesPerInode = 8192;
const probeMb = 8;

/**
 * Takes no room yet: the file is sparse. Without a journal, since the disk never outlives its container. The mount is
 * made in a mount namespace (start-command.ts) and goes with its last process, and the loop device with the mount.
 */
export async function makeDiskImage(path: string, diskMb: number, uid: number): Promise<void> {
  const mke2fs = findProgram("mke2fs");
  if (!mke2fs) throw new Error("mke2fs (e2fsprogs) is not installed, so a workspace cannot have a disk of its own.");
  const features = ["-t", "ext4", "-m", "0", "-i", String(bytesPerInode), "-O", "^has_journal,^resize_inode"];
  const extended = `lazy_itable_init=1,nodiscard,root_owner=${uid}:${containerGid}`;
  await writeFile(path, "", { mode: 0o600 });
  await run(mke2fs, ["-q", "-F", ...features, "-E", extended, path, `${diskMb}M`]);
}

/** No set-uid programs and no devices: not that the agent could make any. Freed blocks are given back to the host. */
export const mountCommand = 'mount -o loop,nosuid,nodev,discard -- "$1" "$2" && rmdir -- "$2/lost+found"';

/** Undefined when disks can be limited by images, else why not. Found out by mounting one. */
export async function whyNoDiskImages(): Promise<string | undefined> {
  if (!isRoot()) return "only root can mount a disk of a fixed size";
  const place = await mkdtemp(join(tmpdir(), "drover-disk-"));
  try {
    await makeDiskImage(join(place, "image"), probeMb, 0);
    const script = `mkdir "$2" && ${mountCommand}`;
    const namespace = ["--mount", "--propagation", "private", "--"];
    await run("unshare", [...namespace, "/bin/sh", "-c", script, "sh", join(place, "image"), join(place, "disk")]);
    return undefined;
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    return `a disk image could not be mounted: ${stderr?.trim() || message}`;
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}
