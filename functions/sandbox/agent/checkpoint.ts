// What does the next attempt get of this one, if the sandbox is gone by then? Words, notes, and the changed files.
import { z } from "zod";
import { listTree } from "../../git/list-tree.ts";
import { type Conflict, conflictKinds } from "../../git/merge-stages.ts";
import type { Repository } from "../../git/objects.ts";
import { type TreeFile, whyBadPath } from "../../git/tree.ts";
import { listChanges } from "../changed-files.ts";
import { removePaths } from "../show-tree.ts";
import type { Workspace } from "../workspace.ts";

const path = z.string().refine((value) => whyBadPath(value) === undefined, "is no path that may stand in a tree");
const oid = z.string().regex(/^[0-9a-f]{40}$/);

const checkpointSchema = z.strictObject({
  version: z.literal(2),
  summary: z.string(),
  notes: z.string(),
  /** `baseOid`: what stood there when the work began; absent where there was nothing. */
  files: z.array(
    z.strictObject({
      path,
      mode: z.enum(["100644", "100755", "120000"]),
      base64: z.base64(),
      baseOid: oid.optional(),
    }),
  ),
  deleted: z.array(z.strictObject({ path, baseOid: oid })),
  /** Changed files that were too large to be kept. */
  leftOut: z.array(path),
  /** What the agent was given to decide; the files may still hold the markers. */
  unresolved: z.array(
    z.strictObject({
      path: z.string(),
      kind: z.enum(conflictKinds),
      also: z.array(z.string()),
      markers: z.array(z.tuple([z.string(), z.string(), z.string()])),
      aside: z.string().optional(),
    }),
  ),
});
export type Checkpoint = z.output<typeof checkpointSchema>;

export const maxCheckpointBytes = 8 * 1024 * 1024;
const maxFileBytes = 1024 * 1024;
const maxWordsCharacters = 40_000;

export async function takeCheckpoint(
  workspace: Workspace,
  repository: Repository,
  recap: { summary: string; notes: string; unresolved: readonly Conflict[] },
): Promise<Buffer> {
  const { changed, deleted, before } = await listChanges(workspace, repository);
  const baseOidOf = (place: string) => before.get(place)?.oid;
  // The small ones first, so that one large file does not take the place of many.
  const small = changed.filter(({ size }) => size <= maxFileBytes).sort((a, b) => a.size - b.size);
  const leftOut = new Set(changed.map((entry) => entry.path));
  const files: Checkpoint["files"] = [];
  const unresolved = recap.unresolved.map(({ markers, ...conflict }) => ({
    ...conflict,
    markers: markers.map(([opening, middle, closing]): [string, string, string] => [opening, middle, closing]),
  }));
  let room = maxCheckpointBytes - 4 * maxWordsCharacters - Buffer.byteLength(JSON.stringify(unresolved));
  const fitting = small.filter(({ size }) => {
    room -= Math.ceil(size / 3) * 4 + 1_000;
    return room >= 0;
  });
  for await (const { path: place, mode, content } of workspace.fetch(fitting)) {
    const baseOid = baseOidOf(place);
    files.push({ path: place, mode, base64: content.toString("base64"), ...(baseOid ? { baseOid } : {}) });
    leftOut.delete(place);
  }
  const checkpoint: Checkpoint = {
    version: 2,
    summary: recap.summary.slice(-maxWordsCharacters).toWellFormed(),
    notes: recap.notes.slice(0, maxWordsCharacters).toWellFormed(),
    files,
    deleted: deleted.flatMap((place) => {
      const baseOid = baseOidOf(place);
      return baseOid ? [{ path: place, baseOid }] : [];
    }),
    leftOut: [...leftOut],
    unresolved,
  };
  return Buffer.from(JSON.stringify(checkpoint));
}

/** Undefined when it cannot be read; then the next attempt begins from nothing. */
export function readCheckpoint(bytes: Buffer): Checkpoint | undefined {
  try {
    return checkpointSchema.safeParse(JSON.parse(bytes.toString())).data;
  } catch {
    // No JSON: as unreadable as one of another version, and the caller says so.
    return undefined;
  }
}

export interface Restored {
  paths: string[];
  /** Others have changed these since, so they were left as they are now. */
  overtaken: TreeFile[];
}

/** Into a workspace that holds the base commit, which may be newer than the one that the checkpoint was taken from. */
export async function restoreCheckpoint(
  workspace: Workspace,
  repository: Repository,
  checkpoint: Checkpoint,
): Promise<Restored> {
  const now = new Map((await listTree(repository, repository.baseCommit)).map((entry) => [entry.path, entry.oid]));
  const gone = checkpoint.deleted.flatMap(({ path: place, baseOid }) => (now.get(place) === baseOid ? [place] : []));
  const isInTheWay = findWays(now.keys(), new Set(gone));
  const files = checkpoint.files.map(({ path: place, mode, base64, baseOid }) => {
    return {
      file: { path: place, mode, content: Buffer.from(base64, "base64") },
      untouched: now.get(place) === baseOid && !isInTheWay(place),
    };
  });
  const wanted = files.flatMap(({ file, untouched }) => (untouched ? [file] : []));
  // First what goes: a file may have taken the place of a directory, or a directory that of a file or a link.
  await removePaths(workspace, gone);
  await removePaths(
    workspace,
    wanted.map((file) => file.path),
  );
  await workspace.unpack(each(wanted));
  return {
    paths: [...wanted.map((file) => file.path), ...gone].sort(),
    overtaken: files.flatMap(({ file, untouched }) => (untouched ? [] : [file])),
  };
}

/** What others have put there since: a file where this one needs a directory, or files below it. */
function findWays(paths: Iterable<string>, gone: ReadonlySet<string>): (place: string) => boolean {
  const kept = new Set([...paths].filter((place) => !gone.has(place)));
  const folders = new Set([...kept].flatMap(foldersOf));
  return (place) => folders.has(place) || foldersOf(place).some((folder) => kept.has(folder));
}

function foldersOf(place: string): string[] {
  const parts = place.split("/").slice(0, -1);
  return parts.map((_, last) => parts.slice(0, last + 1).join("/"));
}

async function* each(files: TreeFile[]): AsyncGenerator<TreeFile> {
  yield* files;
}

const maxShownCharacters = 8_000;
const maxShownFiles = 4;

/** What the model is told of it, behind the task. */
export function wordResume(checkpoint: Checkpoint, { paths, overtaken }: Restored): string {
  const shown = overtaken.slice(0, maxShownFiles).map(({ path: place, content }) => {
    return `Your version of ${place} was:\n${content.toString().slice(0, maxShownCharacters).toWellFormed()}`;
  });
  const parts = [
    "[drover] An earlier attempt at this task ended before it was done. You go on where it was.",
    ...(checkpoint.summary ? [`What it says of its work:\n\n${checkpoint.summary}`] : []),
    ...(checkpoint.notes ? [`Its notes:\n\n${checkpoint.notes}`] : []),
    paths.length > 0 ? `Its changes are back in place: ${paths.join(", ")}.` : "It had changed no files.",
    ...(overtaken.length > 0
      ? [
          `Somebody else has changed these since, so they stand as they are now, and what was done in them must be done again: ${overtaken.map((file) => file.path).join(", ")}.`,
          ...shown,
        ]
      : []),
    ...(checkpoint.leftOut.length > 0 ? [`Too large to be kept, so lost: ${checkpoint.leftOut.join(", ")}.`] : []),
  ];
  return parts.join("\n\n");
}
