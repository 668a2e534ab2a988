// Where do two trees differ? Directories with the same id are the same, and are never opened.
import { type Repository, readTree } from "./objects.ts";
import { compareEntries, isDirectory, type RawEntry } from "./tree-object.ts";

/** One path (raw bytes) with what stands there before and after; a directory is never an entry here. */
export interface Difference {
  path: string;
  before?: RawEntry;
  after?: RawEntry;
}

export async function* compareTrees(
  repository: Repository,
  before: string | undefined,
  after: string | undefined,
  prefix = "",
): AsyncGenerator<Difference, void, undefined> {
  if (before === after) return;
  const left = before === undefined ? [] : await readTree(repository, before);
  const right = after === undefined ? [] : await readTree(repository, after);
  for (const [old, next] of pairEntries(left, right)) {
    if (old?.oid === next?.oid && old?.mode === next?.mode) continue;
    const path = `${prefix}${(old ?? next)?.name}`;
    if (isDirectory(old) || isDirectory(next)) {
      yield* compareTrees(repository, old?.oid, next?.oid, `${path}/`);
      continue;
    }
    yield { path, ...(old ? { before: old } : {}), ...(next ? { after: next } : {}) };
  }
}

/** A file and a directory of one name are not a pair: one goes, the other comes. */
function* pairEntries(left: RawEntry[], right: RawEntry[]): Generator<[RawEntry | undefined, RawEntry | undefined]> {
  const key = (entry: RawEntry) => (isDirectory(entry) ? `${entry.name}/` : entry.name);
  const others = new Map(right.map((entry) => [key(entry), entry]));
  const olds = new Set(left.map(key));
  const all = [...left, ...right.filter((entry) => !olds.has(key(entry)))].sort(compareEntries);
  for (const entry of all) {
    yield olds.has(key(entry)) ? [entry, others.get(key(entry))] : [undefined, entry];
  }
}
