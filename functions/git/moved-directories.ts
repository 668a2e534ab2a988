// One side has moved a directory away; has the other put new files into it, which nobody will find there?
import type { Rename } from "./find-renames.ts";
import { type Changes, otherSide, type Side, type Trees } from "./merge-stages.ts";
import type { Repository } from "./objects.ts";
import { findEntry } from "./rewrite-tree.ts";
import { isDirectory } from "./tree-object.ts";

/** Directories that one side has emptied while the other added files to them. */
export type LeftDirectories = Record<Side, Set<string>>;

export interface Stray {
  path: string;
  /** Where it would stand now; where the directory went to several places, the most likely ones. */
  wouldBe: string[];
}

export async function findLeftDirectories(repository: Repository, trees: Trees, changes: Changes) {
  const find = async (side: Side) => {
    const gone = [...changes[side].values()].filter(({ after }) => !after);
    const emptied = new Set(gone.flatMap(({ path }) => parents(path)));
    const left = new Set<string>();
    for (const directory of new Set(addedBy(otherSide(side), changes).map(parentOf))) {
      if (!emptied.has(directory)) continue;
      if (!isDirectory(await findEntry(repository, trees[side], directory))) left.add(directory);
    }
    return left;
  };
  return { ours: await find("ours"), theirs: await find("theirs") };
}

/** The files of `side` that stand, by a name that is new, in a directory which the other side has renamed. */
export function findStrays(
  side: Side,
  changes: Changes,
  left: LeftDirectories,
  renames: Record<Side, Rename[]>,
): Stray[] {
  const moved = { ours: findMoves(left.ours, renames.ours), theirs: findMoves(left.theirs, renames.theirs) };
  const theirMoves = moved[otherSide(side)];
  const ownMoves = moved[side];
  return addedBy(side, changes).flatMap((path) => {
    const directory = parents(path).find((parent) => theirMoves.has(parent) && !ownMoves.has(parent));
    const targets = directory === undefined ? undefined : theirMoves.get(directory);
    // Into a directory that this side has moved on from: two moves in a chain, and nothing to be said about either.
    if (directory === undefined || !targets || targets.some((target) => ownMoves.has(target))) return [];
    return [{ path, wouldBe: targets.map((target) => `${target && `${target}/`}${path.slice(directory.length + 1)}`) }];
  });
}

function addedBy(side: Side, changes: Changes): string[] {
  return [...changes[side].values()].filter(({ before }) => !before).map(({ path }) => path);
}

/** To where most of the files of each directory went; several names when it was split evenly. */
function findMoves(left: ReadonlySet<string>, renames: readonly Rename[]): Map<string, string[]> {
  const counts = new Map<string, Map<string, number>>();
  for (const { from, to } of renames) {
    for (const [directory, target] of movesOf(from, to)) {
      if (!left.has(directory)) continue;
      const targets = counts.get(directory) ?? new Map<string, number>();
      targets.set(target, (targets.get(target) ?? 0) + 1);
      counts.set(directory, targets);
    }
  }
  return new Map(
    [...counts].map(([directory, targets]) => {
      const most = Math.max(...targets.values());
      return [directory, [...targets.keys()].filter((target) => targets.get(target) === most)];
    }),
  );
}

/** `a/x/f` to `b/x/f` moves `a/x` to `b/x`, and `a` to `b`; nothing above that. */
function* movesOf(from: string, to: string): Generator<[string, string]> {
  let [directory, target] = [parentOf(from), parentOf(to)];
  while (directory !== "" && directory !== target) {
    yield [directory, target];
    if (target === "" || lastName(directory) !== lastName(target)) return;
    [directory, target] = [parentOf(directory), parentOf(target)];
  }
}

/** From the nearest to the farthest, without the root. */
function parents(path: string): string[] {
  const all: string[] = [];
  for (let parent = parentOf(path); parent !== ""; parent = parentOf(parent)) all.push(parent);
  return all;
}

const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf("/")));
const lastName = (path: string) => path.slice(path.lastIndexOf("/") + 1);
