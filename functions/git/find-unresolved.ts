// Has somebody really decided, or does a commit still hold what we put there to be decided?
import type { Conflict } from "./merge-stages.ts";
import { holdsMarkers } from "./merge-text.ts";
import { type Repository, readBlob, readCommit } from "./objects.ts";
import { findEntry } from "./rewrite-tree.ts";
import { bytesOfText, isRegularFile } from "./tree-object.ts";

/** The conflicts whose markers, or whose file beside the other, are in the commit. */
export async function findUnresolved(
  repository: Repository,
  commit: string,
  conflicts: readonly Conflict[],
): Promise<Conflict[]> {
  const { tree } = await readCommit(repository, commit);
  const unresolved: Conflict[] = [];
  for (const conflict of conflicts) {
    const { path, markers, aside } = conflict;
    const isAside = aside !== undefined && (await findEntry(repository, tree, bytesOfText(aside))) !== undefined;
    if (isAside || (await isMarked(repository, tree, path, markers))) unresolved.push(conflict);
  }
  return unresolved;
}

async function isMarked(repository: Repository, tree: string, path: string, markers: Conflict["markers"]) {
  const entry = markers.length > 0 ? await findEntry(repository, tree, bytesOfText(path)) : undefined;
  if (!entry || !isRegularFile(entry)) return false;
  return holdsMarkers((await readBlob(repository, entry.oid)).toString("latin1"), markers);
}
