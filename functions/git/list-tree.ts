// Which files does a commit hold, and what is in them?
import { describeMb, TooLargeError } from "./limits.ts";
import { type Repository, readBlob, readCommit, readTree } from "./objects.ts";
import { type TreeFile, whyBadPath } from "./tree.ts";
import { isDirectory, textOfBytes } from "./tree-object.ts";

/** A file, a symbolic link, or a submodule (160000, whose `oid` is a commit of another repository). */
export interface TreeEntry {
  path: string;
  mode: TreeFile["mode"] | "160000";
  oid: string;
}

/** A few hundred bytes of nested trees can name billions of files. */
const maxEntries = 1_000_000;
/** Each may have a tenth of the memory. */
const readAhead = 2;
/** The same few objects can stand for files without end. A sandbox has little more room than this. */
const maxTreeBytes = 8 * 1024 * 1024 * 1024;

/**
 * Every entry that may cross to a workspace, and the submodules, in git's order. What may not cross (a path that
 * `whyBadPath` refuses, a name that is not UTF-8) is left out, and a commit keeps it as it is.
 */
export async function listTree(repository: Repository, commit: string, most = maxEntries): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  const add = (entry: TreeEntry) => {
    if (entries.length >= most) {
      throw new TooLargeError(`The repository holds more than ${most.toLocaleString("en-US")} files.`);
    }
    entries.push(entry);
  };
  await listDirectory(repository, (await readCommit(repository, commit)).tree, "", add);
  return entries;
}

async function listDirectory(repository: Repository, tree: string, prefix: string, add: (entry: TreeEntry) => void) {
  for (const entry of await readTree(repository, tree)) {
    const name = textOfBytes(entry.name);
    // A slash inside a name would let one entry pass for a file of another directory.
    if (name === undefined || name.includes("/") || whyBadPath(`${prefix}${name}`)) continue;
    const path = `${prefix}${name}`;
    if (isDirectory(entry)) {
      await listDirectory(repository, entry.oid, `${path}/`, add);
      continue;
    }
    add({ path, mode: plainMode(entry.mode), oid: entry.oid });
  }
}

/** Old commits hold 100664 and the like; git reads them by the owner's x bit, and so do we. */
export function plainMode(mode: string): TreeEntry["mode"] {
  if (mode === "120000" || mode === "160000") return mode;
  return (Number.parseInt(mode, 8) & 0o100) === 0 ? "100644" : "100755";
}

/** Every file with its content, one at a time; submodules have none and are skipped. */
export async function* readFiles(repository: Repository, commit: string): AsyncGenerator<TreeFile, void, undefined> {
  yield* readEntries(repository, await listTree(repository, commit));
}

export async function* readEntries(
  repository: Repository,
  entries: readonly TreeEntry[],
  maxBytes = maxTreeBytes,
): AsyncGenerator<TreeFile, void, undefined> {
  const waiting: Promise<TreeFile>[] = [];
  let bytes = 0;
  const take = async (file: Promise<TreeFile>) => {
    bytes += (await file).content.length;
    if (bytes > maxBytes) throw new TooLargeError(`The repository's files take more than ${describeMb(maxBytes)}.`);
    return file;
  };
  for (const { path, mode, oid } of entries) {
    if (mode === "160000") continue;
    const file = readBlob(repository, oid).then((content) => ({ path, mode, content }));
    // The consumer may stop early, or fail on an earlier file: nobody would be left to hear this rejection.
    file.catch(() => undefined);
    waiting.push(file);
    const first = waiting.length > readAhead ? waiting.shift() : undefined;
    if (first) yield await take(first);
  }
  for (const file of waiting) yield await take(file);
}
