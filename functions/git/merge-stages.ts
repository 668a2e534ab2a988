// Three trees, path by path: what stands there in the base, with us, and with them?
import { compareTrees, type Difference } from "./compare-trees.ts";
import type { Markers } from "./merge-text.ts";
import type { Repository } from "./objects.ts";
import type { RawEntry } from "./tree-object.ts";

export type Side = "ours" | "theirs";
export const otherSide = (side: Side): Side => (side === "ours" ? "theirs" : "ours");

export const conflictKinds = [
  // Both sides changed the same lines, or added different files under one name.
  "content",
  "add_add",
  // Not text, or too large to be merged by lines.
  "binary",
  "symlink",
  "submodule",
  "mode",
  // A file on one side is a link or a submodule on the other.
  "type",
  "modify_delete",
  "rename_rename",
  "rename_delete",
  // A file was added to a directory that the other side has renamed.
  "directory_rename",
  "file_directory",
  // Deleted by both sides, and there are too many new files to see whether it was renamed.
  "maybe_renamed",
] as const;
export type ConflictKind = (typeof conflictKinds)[number];

export interface Conflict {
  path: string;
  kind: ConflictKind;
  /** Other names that play a part: where it was renamed from or to, or where the other version was put. */
  also: string[];
  /** In the file, lines that have to go before it is resolved. */
  markers: Markers[];
  /** A file of our own making, beside it, that has to go. */
  aside?: string;
}

/** Absent: nothing stands there. Paths are raw bytes, as in `Difference`. */
export interface Stages {
  base?: RawEntry | undefined;
  ours?: RawEntry | undefined;
  theirs?: RawEntry | undefined;
  /** A rename that cannot be followed. */
  trouble?: Pick<Conflict, "kind" | "also">;
  /** Of a rename that was followed, and met other changes on its way. */
  markers: Markers[];
}

export type Changes = Record<Side, Map<string, Difference>>;
export type Trees = Record<"base" | Side, string>;

export async function compareSides(repository: Repository, { base, ours, theirs }: Trees): Promise<Changes> {
  const collect = async (tree: string) => {
    const differences = new Map<string, Difference>();
    for await (const difference of compareTrees(repository, base, tree)) differences.set(difference.path, difference);
    return differences;
  };
  return { ours: await collect(ours), theirs: await collect(theirs) };
}

/** Every path that at least one side has changed. */
export function openStages({ ours, theirs }: Changes): Map<string, Stages> {
  const all = new Map<string, Stages>();
  for (const path of [...ours.keys(), ...theirs.keys()].sort()) {
    const [our, their] = [ours.get(path), theirs.get(path)];
    const base = (our ?? their)?.before;
    all.set(path, { base, ours: our ? our.after : base, theirs: their ? their.after : base, markers: [] });
  }
  return all;
}

export function sameEntry(a: RawEntry | undefined, b: RawEntry | undefined): boolean {
  return a?.oid === b?.oid && a?.mode === b?.mode;
}
