// How do changed and deleted files become a commit, without an index and without a work tree?
import { gitBlobId } from "./blob-id.ts";
import { type Repository, readCommit, readTree, writeObject, writeTree } from "./objects.ts";
import {
  BadPathError,
  checkFile,
  checkPath,
  type PlannedChange,
  planChanges,
  type WrittenFile,
} from "./plan-changes.ts";
import { namePath, type TreeFile, whyBadPath } from "./tree.ts";
import { isDirectory, isSubmodule, type RawEntry, textOfBytes } from "./tree-object.ts";

export interface CommitRequest {
  parent: string;
  /** Each is written as it comes, so that few of them are in memory. */
  changed: Iterable<TreeFile> | AsyncIterable<TreeFile>;
  /** Paths of files. One that is not there is no mistake: gone is what was wanted. */
  deleted: string[];
  message: string;
  author: { name: string; email: string };
  /** Seconds since 1970, as git counts. */
  timestamp: number;
}

const writesAtOnce = 16;
const bytesAtOnce = 16 * 1024 * 1024;

/**
 * Writes the commit and answers its id. Everything not named stays as it is, submodules and unreadable names too.
 * Throws `BadPathError` for a path that may not be committed.
 */
export async function commitChanges(repository: Repository, request: CommitRequest): Promise<string> {
  const { changed, deleted } = request;
  const header = renderHeader(request);
  const { tree } = await readCommit(repository, request.parent);
  const seen = new Set<string>();
  for (const path of deleted) checkPath(path, seen);
  const plan = await planChanges(await writeBlobs(repository, changed, seen), deleted);
  const nextTree =
    (await rewriteDirectory(repository, await readTree(repository, tree), plan)) ?? (await writeTree(repository, []));
  return writeObject(repository, "commit", Buffer.from(`tree ${nextTree}\n${header}`));
}

async function writeBlobs(repository: Repository, files: CommitRequest["changed"], seen: Set<string>) {
  const written = new Map<string, WrittenFile>();
  let batch: Promise<string>[] = [];
  let bytes = 0;
  for await (const file of files) {
    checkFile(file, seen);
    const { path, mode, content } = file;
    written.set(path, { mode, oid: gitBlobId(content) });
    const write = writeObject(repository, "blob", content);
    write.catch(() => undefined); // It is awaited below, unless an earlier one fails, or the next file is refused.
    batch.push(write);
    bytes += content.length;
    if (batch.length < writesAtOnce && bytes < bytesAtOnce) continue;
    await Promise.all(batch);
    batch = [];
    bytes = 0;
  }
  await Promise.all(batch);
  return written;
}

/** The id of the directory with its changes, or undefined when nothing is left in it: git has no empty directories. */
async function rewriteDirectory(repository: Repository, entries: RawEntry[], change: PlannedChange) {
  const next = new Map(entries.map((entry) => [entry.name, entry]));
  for (const [name, below] of change.below) {
    const entry = await rewriteEntry(repository, next.get(name), name, below);
    if (entry) next.set(name, entry);
    else next.delete(name);
  }
  return next.size === 0 ? undefined : writeTree(repository, next.values());
}

async function rewriteEntry(
  repository: Repository,
  old: RawEntry | undefined,
  name: string,
  change: PlannedChange,
): Promise<RawEntry | undefined> {
  if (change.deleted && isDirectory(old) && !change.written && change.below.size === 0) {
    throw new BadPathError(change.path, "it is a directory: name its files");
  }
  if (isSubmodule(old) && !change.deleted) {
    if (writes(change)) throw new BadPathError(change.path, "a submodule stands there");
    return old;
  }
  if (change.written) {
    await refuseToLoseHidden(repository, old, change);
    return { name, ...change.written };
  }
  const kept = change.deleted && !isDirectory(old) ? undefined : old;
  if (change.below.size === 0) return kept;
  // Files deleted below what is, or became, a plain file: they are gone already.
  if (kept && !isDirectory(kept) && !writes(change)) return kept;
  const entries = isDirectory(kept) ? await readTree(repository, kept.oid) : [];
  const oid = await rewriteDirectory(repository, entries, change);
  return oid ? { name, mode: "40000", oid } : undefined;
}

function writes(change: PlannedChange): boolean {
  return change.written !== undefined || [...change.below.values()].some(writes);
}

/** A file takes the place of a directory: what the workspace was never shown must not vanish with it. */
async function refuseToLoseHidden(repository: Repository, old: RawEntry | undefined, change: PlannedChange) {
  if (!isDirectory(old)) return;
  for (const entry of await readTree(repository, old.oid)) {
    const below = change.below.get(entry.name);
    const name = textOfBytes(entry.name);
    if (name === undefined || whyBadPath(name)) {
      throw new BadPathError(change.path, "the directory it replaces holds a name that cannot be shown");
    }
    if (isSubmodule(entry) && !below?.deleted) {
      throw new BadPathError(change.path, `the directory it replaces holds the submodule ${namePath(name)}`);
    }
    const inside = { path: change.path, deleted: false, below: below?.below ?? new Map() };
    await refuseToLoseHidden(repository, entry, inside);
  }
}

function renderHeader({ parent, message, author, timestamp }: CommitRequest): string {
  // A line break or an angle bracket in a name would write headers of its own choosing.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what we look for
  if (/[\u0000-\u001f<>]/.test(author.name + author.email))
    throw new Error("The author's name or address holds < > or a control character.");
  if (!Number.isInteger(timestamp) || timestamp < 0 || timestamp > 99_999_999_999) {
    throw new Error(`${timestamp} is not a time in whole seconds since 1970.`);
  }
  const by = `${author.name} <${author.email}> ${timestamp} +0000`;
  const text = message.replaceAll("\0", "").replaceAll("\r\n", "\n").trim();
  return `parent ${parent}\nauthor ${by}\ncommitter ${by}\n\n${text}\n`;
}
