// What has the agent changed? Its tree against the base commit, made into a commit that we alone have written.

import { commitChanges } from "../git/commit-changes.ts";
import { type CommitDiff, diffCommits } from "../git/diff-commits.ts";
import { listTree, type TreeEntry } from "../git/list-tree.ts";
import type { Repository } from "../git/objects.ts";
import type { ManifestEntry, TreeFile } from "../git/tree.ts";
import type { OutputLog } from "./output-log.ts";
import type { Workspace } from "./workspace.ts";

const maxDiffBytes = 1024 * 1024;
const author = { name: "drover", email: "drover@localhost" };

export type Work = { kind: "unchanged" } | { kind: "changed"; commit: string; diff: CommitDiff };

/** `message` is the commit message. Files that git ignores are not part of the work. */
export async function collectWork(
  workspace: Workspace,
  repository: Repository,
  message: string,
  log: OutputLog,
): Promise<Work> {
  const base = await listTree(repository, repository.baseCommit);
  const files = base.filter((entry) => entry.mode !== "160000");
  const manifest = await workspace.manifest(files.map(({ path }) => path));
  for (const { path, why } of manifest.skipped) log.note(`${JSON.stringify(path)} is left out: ${why}`);
  const leftOut = new Set(manifest.skipped.map(({ path }) => path));
  const { changed, deleted } = compare(files, manifest.entries, leftOut);
  if (changed.length === 0 && deleted.length === 0) return { kind: "unchanged" };
  const contents: TreeFile[] = [];
  for await (const file of workspace.fetch(changed)) contents.push(file);
  const commit = await commitChanges(repository, {
    parent: repository.baseCommit,
    changed: contents,
    deleted,
    message,
    author,
    timestamp: Math.floor(Date.now() / 1000),
  });
  const diff = await diffCommits(repository, repository.baseCommit, commit, { maxBytes: maxDiffBytes });
  // What was fetched may be what stood there before: the manifest is the workspace's word, the contents decide.
  return diff.files.length === 0 ? { kind: "unchanged" } : { kind: "changed", commit, diff };
}

/** A tracked file that could not be read stays as it was: that it is not listed does not mean that it was deleted. */
function compare(base: TreeEntry[], now: readonly ManifestEntry[], leftOut: ReadonlySet<string>) {
  const before = new Map(base.map((entry) => [entry.path, entry]));
  const present = new Set(now.map(({ path }) => path));
  return {
    changed: now.filter(({ path, mode, oid }) => before.get(path)?.oid !== oid || before.get(path)?.mode !== mode),
    deleted: base.map(({ path }) => path).filter((path) => !present.has(path) && !leftOut.has(path)),
  };
}
