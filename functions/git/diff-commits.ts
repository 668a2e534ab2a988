// What changed between two commits, as a patch and as numbers?
import { compareTrees, type Difference } from "./compare-trees.ts";
import { nameMedium } from "./media.ts";
import { type Repository, readBlob, readCommit } from "./objects.ts";
import { isSubmodule, type RawEntry } from "./tree-object.ts";
import { type FileDiff, renderFileDiff, type Side } from "./unified-diff.ts";

export interface ChangedFile {
  path: string;
  status: "added" | "modified" | "deleted" | "mode_changed";
  additions: number;
  deletions: number;
  binary: boolean;
  /** What a plain file is by now, where it is not text but of a known kind, such as a picture. */
  medium?: { kind: string; bytes: number };
}

export interface CommitDiff {
  /** Whole files only, so that what is there applies. */
  text: string;
  /** The paths of those that did not fit into `maxBytes`; `files` is complete all the same. */
  leftOut: string[];
  files: ChangedFile[];
}

/** Renames show as a deletion and an addition. */
export async function diffCommits(
  repository: Repository,
  before: string,
  after: string,
  { maxBytes }: { maxBytes: number },
): Promise<CommitDiff> {
  const { tree: oldTree } = await readCommit(repository, before);
  const { tree: newTree } = await readCommit(repository, after);
  const sections: string[] = [];
  const files: ChangedFile[] = [];
  let roomBytes = maxBytes;
  const leftOut: string[] = [];
  for await (const difference of compareTrees(repository, oldTree, newTree)) {
    const diff = await diffFile(repository, difference);
    const path = toText(difference.path);
    files.push({
      path,
      status: statusOf(difference),
      additions: diff.additions,
      deletions: diff.deletions,
      binary: diff.binary,
      ...(diff.medium && { medium: diff.medium }),
    });
    const text = toText(diff.text);
    const sizeBytes = Buffer.byteLength(text);
    // A huge lockfile must not hide the small files after it, so we go on.
    if (sizeBytes > roomBytes) leftOut.push(path);
    else {
      roomBytes -= sizeBytes;
      sections.push(text);
    }
  }
  return { text: sections.join(""), leftOut, files };
}

type ShownFile = FileDiff & Pick<ChangedFile, "medium">;

async function diffFile(repository: Repository, { path, before, after }: Difference): Promise<ShownFile> {
  const old = before && (await readSide(repository, before));
  const next = after && (await readSide(repository, after));
  if (!old || !next || kindOf(old) === kindOf(next)) {
    const kind = next?.mode === "100644" ? nameMedium(path, next.content) : undefined;
    return { ...renderFileDiff(path, old, next), ...(kind && { medium: { kind, bytes: next?.content.length ?? 0 } }) };
  }
  // A file that becomes a link (or a submodule) is another thing: git shows the old go and the new come.
  const gone = renderFileDiff(path, old, undefined);
  const come = renderFileDiff(path, undefined, next);
  return {
    text: gone.text + come.text,
    additions: come.additions,
    deletions: gone.deletions,
    binary: gone.binary || come.binary,
  };
}

async function readSide(repository: Repository, entry: RawEntry): Promise<Side> {
  const { mode, oid } = entry;
  if (isSubmodule(entry)) return { mode, oid, content: `Subproject commit ${oid}\n` };
  return { mode, oid, content: (await readBlob(repository, oid)).toString("latin1") };
}

function kindOf({ mode }: Side): string {
  return mode.slice(0, 3);
}

function statusOf({ before, after }: Difference): ChangedFile["status"] {
  if (!before) return "added";
  if (!after) return "deleted";
  return before.oid === after.oid ? "mode_changed" : "modified";
}

/** Bytes that are not UTF-8 show as replacement characters: seen by a reviewer, but no longer fit for `git apply`. */
function toText(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString();
}
