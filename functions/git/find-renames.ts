// Which files has one side of a merge renamed? A name that went and a name that came, with enough in common.
import type { Difference } from "./compare-trees.ts";
import type { Repository } from "./objects.ts";
import { openSimilarity } from "./similarity.ts";
import { isRegularFile, type RawEntry } from "./tree-object.ts";

export interface Rename {
  from: string;
  to: string;
}

export interface Renames {
  found: Rename[];
  /** There were too many new files to compare all of them with what has gone. */
  cut: boolean;
}

interface Place {
  path: string;
  entry: RawEntry;
}

/** Git's own: below this, two files are two files. */
const minSimilarity = 0.5;
/** For a pair that is looked at alone, because no other file has its name. */
const minSimilarityOfName = 0.75;
const maxCandidates = 1_000;
const maxComparisons = 100_000;
const emptyBlob = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";

/** `matters`: whether it makes a difference where this file went; only then are contents compared. */
export async function findRenames(
  repository: Repository,
  differences: Map<string, Difference>,
  matters: (path: string) => boolean,
): Promise<Renames> {
  const gone = new Map<string, Place>();
  const come = new Map<string, Place>();
  for (const { path, before, after } of differences.values()) {
    if (before && !after && before.oid !== emptyBlob) gone.set(path, { path, entry: before });
    if (after && !before && after.oid !== emptyBlob) come.set(path, { path, entry: after });
  }
  const found: Rename[] = [];
  const take = (from: string, to: string) => {
    found.push({ from, to });
    gone.delete(from);
    come.delete(to);
  };
  pairIdentical(gone, come, take);
  for (const [path, { entry }] of gone) if (!isRegularFile(entry)) gone.delete(path);
  for (const [path, { entry }] of come) if (!isRegularFile(entry)) come.delete(path);
  const compare = openSimilarity(repository);
  for (const [from, to] of pairsOfUniqueName(gone, come)) {
    if (matters(from.path) && (await compare(from.entry.oid, to.entry.oid)) >= minSimilarityOfName) {
      take(from.path, to.path);
    }
  }
  const wanted = [...gone.values()].filter(({ path }) => matters(path));
  const candidates = [...come.values()].slice(0, Math.min(maxCandidates, Math.floor(maxComparisons / wanted.length)));
  const cut = wanted.length > 0 && candidates.length < come.size;
  const scored: { from: Place; to: Place; score: number; sameName: boolean }[] = [];
  for (const from of wanted) {
    for (const to of candidates) {
      const score = await compare(from.entry.oid, to.entry.oid);
      if (score >= minSimilarity) scored.push({ from, to, score, sameName: nameOf(from) === nameOf(to) });
    }
  }
  scored.sort((a, b) => b.score - a.score || Number(b.sameName) - Number(a.sameName));
  for (const { from, to } of scored) if (gone.has(from.path) && come.has(to.path)) take(from.path, to.path);
  return { found, cut };
}

/** The same content, and the same name where there is a choice. */
function pairIdentical(gone: Map<string, Place>, come: Map<string, Place>, take: (from: string, to: string) => void) {
  const byContent = Map.groupBy(gone.values(), ({ entry }) => entry.oid);
  for (const to of [...come.values()]) {
    const same = (byContent.get(to.entry.oid) ?? []).filter(({ path, entry }) => {
      return gone.has(path) && (entry.mode === to.entry.mode || (isRegularFile(entry) && isRegularFile(to.entry)));
    });
    const from = same.find((place) => nameOf(place) === nameOf(to)) ?? same[0];
    if (from) take(from.path, to.path);
  }
}

function pairsOfUniqueName(gone: Map<string, Place>, come: Map<string, Place>): [Place, Place][] {
  const comeByName = Map.groupBy(come.values(), nameOf);
  return [...Map.groupBy(gone.values(), nameOf)].flatMap(([name, places]): [Place, Place][] => {
    const [from, ...otherGone] = places;
    const [to, ...otherCome] = comeByName.get(name) ?? [];
    return from && to && otherGone.length === 0 && otherCome.length === 0 ? [[from, to]] : [];
  });
}

function nameOf({ path }: Place): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
