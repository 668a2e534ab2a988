// Under which uid does a confined container run? Never root's: a uid of its own where we can give one away.
import { randomInt } from "node:crypto";

/** All confined containers of a machine share this group and nothing else: it lets them through to their own disks. */
export const containerGid = 700_000;

const firstUid = 700_001;
const uidCount = 60_000;
const taken = new Set<number>();

/** True when uids can be given away, and must be: what root confines is still root's to the file system. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * A uid that no live container of this process has; undefined when we are an ordinary user ourselves. Another drover
 * on the machine may pick the same one (1 : 60,000): both containers still have namespaces and disks of their own.
 */
export function takeUid(): number | undefined {
  if (!isRoot()) return undefined;
  let uid = firstUid + randomInt(uidCount);
  while (taken.has(uid)) uid = firstUid + randomInt(uidCount);
  taken.add(uid);
  return uid;
}

/** For a container that an earlier process of ours gave the uid to. */
export function keepUid(uid: number | undefined): void {
  if (uid !== undefined) taken.add(uid);
}

export function giveBackUid(uid: number | undefined): void {
  if (uid !== undefined) taken.delete(uid);
}
