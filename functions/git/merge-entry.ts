// Both sides have changed one entry of a tree: can the two changes stand together?
import { type ConflictKind, type Stages, sameEntry } from "./merge-stages.ts";
import { type Labels, type Markers, mergeText } from "./merge-text.ts";
import { type Repository, readBlob, writeObject } from "./objects.ts";
import { isRegularFile, isSubmodule, type RawEntry } from "./tree-object.ts";

export interface EntryMerge {
  entry: RawEntry;
  conflict?: ConflictKind;
  markers?: Markers;
}

type Both = Pick<Stages, "base"> & { ours: RawEntry; theirs: RawEntry };

/** Git merges more; nobody writes such files by hand. */
const maxTextBytes = 16 * 1024 * 1024;
/** Git looks this far for a NUL before it calls a file binary. */
const binaryCheckLength = 8000;

/** With a conflict, `entry` is what both need to see: the text with markers, or our version. */
export async function mergeEntry(
  repository: Repository,
  { base, ours, theirs }: Both,
  labels: Labels,
): Promise<EntryMerge> {
  if (kindOf(ours) !== kindOf(theirs)) return { entry: ours, conflict: "type" };
  const { mode, isClean } = mergeModes(base?.mode, ours.mode, theirs.mode);
  const modeConflict = isClean ? {} : { conflict: "mode" as const };
  if (ours.oid === theirs.oid || ours.oid === base?.oid) return { entry: { ...theirs, mode }, ...modeConflict };
  if (theirs.oid === base?.oid) return { entry: { ...ours, mode }, ...modeConflict };
  if (!isRegularFile(ours)) return { entry: ours, conflict: isSubmodule(ours) ? "submodule" : "symlink" };

  // A link that both made a file of is not what the two files grew from.
  const root = base && kindOf(base) === kindOf(ours) ? base : undefined;
  const versions = {
    base: root ? await readText(repository, root) : "",
    ours: await readText(repository, ours),
    theirs: await readText(repository, theirs),
  };
  const { base: before, ours: our, theirs: their } = versions;
  if (before === undefined || our === undefined || their === undefined) return { entry: ours, conflict: "binary" };
  const merge = mergeText({ base: before, ours: our, theirs: their }, labels);
  const oid = await writeObject(repository, "blob", Buffer.from(merge.text, "latin1"));
  const entry = { name: ours.name, mode, oid };
  if (merge.kind === "clean") return { entry, ...modeConflict };
  return { entry, conflict: root ? "content" : "add_add", markers: merge.markers };
}

/** What is settled without a look inside: only one side has changed it, or both have done the same. */
export function takeChanged({ base, ours, theirs }: Stages): { entry: RawEntry | undefined } | undefined {
  if (sameEntry(ours, theirs) || sameEntry(base, theirs)) return { entry: ours };
  if (sameEntry(base, ours)) return { entry: theirs };
  return undefined;
}

function mergeModes(base: string | undefined, ours: string, theirs: string): { mode: string; isClean: boolean } {
  if (ours === theirs || ours === base) return { mode: theirs, isClean: true };
  return { mode: ours, isClean: theirs === base };
}

/** One byte per character; undefined when it is no text to merge by lines. */
async function readText(repository: Repository, { oid }: RawEntry): Promise<string | undefined> {
  const content = await readBlob(repository, oid);
  if (content.length > maxTextBytes || content.subarray(0, binaryCheckLength).includes(0)) return undefined;
  return content.toString("latin1");
}

/** The first three digits: a file, a link or a submodule. */
function kindOf({ mode }: RawEntry): string {
  return mode.slice(0, 3);
}
