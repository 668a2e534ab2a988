// What has the agent changed? Its tree against the base commit, made into a commit that we alone have written.

import { commitChanges } from "../git/commit-changes.ts";
import { type CommitDiff, diffCommits } from "../git/diff-commits.ts";
import { limitsFor } from "../git/limits.ts";
import type { Repository } from "../git/objects.ts";
import { listChanges } from "./changed-files.ts";
import type { OutputLog } from "./output-log.ts";
import type { Workspace } from "./workspace.ts";

export const maxDiffBytes = 1024 * 1024;
const author = { name: "drover", email: "drover@localhost" };

export type ChangedWork = { kind: "changed"; commit: string; diff: CommitDiff };
export type Work = { kind: "unchanged" } | ChangedWork;

/** `message` is the commit message. Files that git ignores are not part of the work. */
export async function collectWork(
  workspace: Workspace,
  repository: Repository,
  message: string,
  log: OutputLog,
): Promise<Work> {
  const { changed, deleted, skipped } = await listChanges(workspace, repository);
  for (const { path, why } of skipped) log.note(`${JSON.stringify(path)} is left out: ${why}`);
  if (changed.length === 0 && deleted.length === 0) return { kind: "unchanged" };
  const commit = await commitChanges(repository, {
    parent: repository.baseCommit,
    changed: workspace.fetch(changed, limitsFor(repository.memoryMb).workBytes),
    deleted,
    message,
    author,
    timestamp: Math.floor(Date.now() / 1000),
  });
  const diff = await diffCommits(repository, repository.baseCommit, commit, { maxBytes: maxDiffBytes });
  // What was fetched may be what stood there before: the manifest is the workspace's word, the contents decide.
  return diff.files.length === 0 ? { kind: "unchanged" } : { kind: "changed", commit, diff };
}
