// What has to be written and what removed, so that files laid out as one tree become those of another?
import { compareTrees } from "./compare-trees.ts";
import { plainMode } from "./list-tree.ts";
import { type Repository, readBlob } from "./objects.ts";
import { type TreeFile, whyBadPath } from "./tree.ts";
import { isSubmodule, type RawEntry, textOfBytes } from "./tree-object.ts";

export interface TreeChanges {
  removed: string[];
  written: string[];
  /** The content of each that is to be written. */
  files: AsyncIterable<TreeFile>;
}

/** As `listTree`, without what may not cross to a workspace, and without submodules. */
export async function listTreeChanges(repository: Repository, before: string, after: string): Promise<TreeChanges> {
  const removed: string[] = [];
  const written = new Map<string, RawEntry>();
  for await (const { path: raw, before: old, after: next } of compareTrees(repository, before, after)) {
    const path = textOfBytes(raw);
    if (path === undefined || whyBadPath(path)) continue;
    if (next && !isSubmodule(next)) written.set(path, next);
    else if (old && !isSubmodule(old)) removed.push(path);
  }
  return { removed, written: [...written.keys()], files: readWritten(repository, written) };
}

async function* readWritten(repository: Repository, written: ReadonlyMap<string, RawEntry>) {
  for (const [path, { mode, oid }] of written) {
    const plain = plainMode(mode);
    if (plain !== "160000") yield { path, mode: plain, content: await readBlob(repository, oid) };
  }
}
