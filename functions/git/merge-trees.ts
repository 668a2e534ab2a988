// How do two trees that grew from one become one again, and where must somebody decide?
import { findRenames } from "./find-renames.ts";
import { followRenames } from "./follow-renames.ts";
import { mergeEntry, takeChanged } from "./merge-entry.ts";
import {
  type Changes,
  type Conflict,
  compareSides,
  openStages,
  type Stages,
  sameEntry,
  type Trees,
} from "./merge-stages.ts";
import type { Labels } from "./merge-text.ts";
import { findLeftDirectories, findStrays } from "./moved-directories.ts";
import type { Repository } from "./objects.ts";
import { findEntry, rewriteTree } from "./rewrite-tree.ts";
import { isSubmodule, type RawEntry } from "./tree-object.ts";

export interface TreeMerge {
  /** With conflicts: texts with markers, and of what cannot be merged, both versions side by side. */
  tree: string;
  conflicts: Conflict[];
}

interface Settled {
  entry: RawEntry | undefined;
  conflict?: Omit<Conflict, "path">;
  /** The version that `entry` is not, where somebody should see both. */
  beside?: RawEntry;
}

/** As git's default strategy does it, with its rules for renamed files and moved directories. */
export async function mergeTrees(repository: Repository, trees: Trees, labels: Labels): Promise<TreeMerge> {
  const changes = await compareSides(repository, trees);
  const stages = openStages(changes);
  await noteRenames(repository, trees, changes, stages, labels);
  const entries = new Map<string, RawEntry | undefined>();
  const conflicts = new Map<string, Conflict>();
  const placeBeside = async (path: string, suffix: string, entry: RawEntry) => {
    for (let number = 1; ; number += 1) {
      const name = `${path}.${suffix}${number === 1 ? "" : number}`;
      if (stages.has(name) || entries.has(name) || (await findEntry(repository, trees.theirs, name))) continue;
      entries.set(name, entry);
      return name;
    }
  };
  for (const [path, at] of stages) {
    const { entry, conflict, beside } = await settle(repository, at, labels);
    entries.set(path, entry);
    if (!conflict) continue;
    conflicts.set(path, { path, ...conflict, ...(beside && { aside: await placeBeside(path, "theirs", beside) }) });
  }
  for (const path of filesWithFilesBelow(entries)) {
    const entry = entries.get(path);
    if (!entry) continue;
    const from = sameEntry(entry, stages.get(path)?.theirs) ? "theirs" : "ours";
    const aside = await placeBeside(path, from, entry);
    entries.set(path, undefined);
    conflicts.set(path, { path, kind: "file_directory", also: [], markers: [], aside });
  }
  return { tree: await rewriteTree(repository, trees.theirs, entries), conflicts: [...conflicts.values()] };
}

async function noteRenames(
  repository: Repository,
  trees: Trees,
  changes: Changes,
  stages: Map<string, Stages>,
  labels: Labels,
): Promise<void> {
  const left = await findLeftDirectories(repository, trees, changes);
  const find = (side: "ours" | "theirs") => {
    const isLeft = (path: string) => [...left[side]].some((directory) => path.startsWith(`${directory}/`));
    return findRenames(repository, changes[side], (path) => {
      return (changes.ours.has(path) && changes.theirs.has(path)) || isLeft(path);
    });
  };
  const [ours, theirs] = [await find("ours"), await find("theirs")];
  const renames = { ours: ours.found, theirs: theirs.found };
  await followRenames(repository, stages, renames, labels);
  for (const side of ["ours", "theirs"] as const) {
    for (const { path, wouldBe } of findStrays(side, changes, left, renames)) {
      const stray = stages.get(path);
      if (stray) stray.trouble ??= { kind: "directory_rename", also: wouldBe };
    }
  }
  if (!ours.cut && !theirs.cut) return;
  for (const at of stages.values()) {
    if (at.base && !at.ours && !at.theirs) at.trouble = { kind: "maybe_renamed", also: [] };
  }
}

async function settle(repository: Repository, stages: Stages, labels: Labels): Promise<Settled> {
  const { base, ours, theirs, trouble, markers } = stages;
  const noted = trouble && { conflict: { ...trouble, markers } };
  const taken = takeChanged(stages);
  if (taken) return { ...taken, ...noted };
  if (!ours || !theirs) {
    const kind = "modify_delete" as const;
    return { entry: ours ?? theirs, ...(base ? { conflict: { kind, also: [], markers, ...trouble } } : noted) };
  }
  const merge = await mergeEntry(repository, { base, ours, theirs }, labels);
  if (!merge.conflict) return { entry: merge.entry, ...noted };
  const all = merge.markers ? [...markers, merge.markers] : markers;
  const canShowBoth = ["binary", "symlink", "type"].includes(merge.conflict) && !isSubmodule(theirs);
  const conflict = { kind: merge.conflict, also: [], ...trouble, markers: all };
  return { entry: merge.entry, conflict, ...(canShowBoth && { beside: theirs }) };
}

/** What is a file for one side and a directory for the other: the directory keeps the name. */
function filesWithFilesBelow(entries: ReadonlyMap<string, RawEntry | undefined>): string[] {
  const directories = new Set<string>();
  for (const [path, entry] of entries) {
    for (let slash = path.indexOf("/"); entry && slash >= 0; slash = path.indexOf("/", slash + 1)) {
      directories.add(path.slice(0, slash));
    }
  }
  return [...entries.keys()].filter((path) => directories.has(path));
}
