// Which files of the workspace are not as in the base commit?
import { listTree, type TreeEntry } from "../git/list-tree.ts";
import type { Repository } from "../git/objects.ts";
import type { ManifestEntry } from "../git/tree.ts";
import type { Workspace } from "./workspace.ts";

export interface Changes {
  changed: ManifestEntry[];
  deleted: string[];
  /** What could not be looked at; it stays as it was. */
  skipped: { path: string; why: string }[];
  /** The files of the base commit, by path. */
  before: ReadonlyMap<string, TreeEntry>;
}

/** Files that git ignores do not count. */
export async function listChanges(workspace: Workspace, repository: Repository): Promise<Changes> {
  const base = await listTree(repository, repository.baseCommit);
  const files = base.filter((entry) => entry.mode !== "160000");
  const { entries, skipped } = await workspace.manifest(files.map(({ path }) => path));
  const before = new Map(files.map((entry) => [entry.path, entry]));
  const present = new Set(entries.map(({ path }) => path));
  // That a tracked file could not be read, and so is not listed, does not mean that it was deleted.
  const leftOut = new Set(skipped.map(({ path }) => path));
  return {
    changed: entries.filter(({ path, mode, oid }) => before.get(path)?.oid !== oid || before.get(path)?.mode !== mode),
    deleted: files.map(({ path }) => path).filter((path) => !present.has(path) && !leftOut.has(path)),
    skipped,
    before,
  };
}
