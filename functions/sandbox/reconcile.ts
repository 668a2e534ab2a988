// The base branch may have moved while the agent worked: how does the work come to stand on its new tip?
import { diffCommits } from "../git/diff-commits.ts";
import { type BaseHistory, fetchBase } from "../git/fetch-base.ts";
import type { Conflict } from "../git/merge-stages.ts";
import { moveCommit } from "../git/move-commit.ts";
import { type Repository, readCommit } from "../git/objects.ts";
import type { GitAuth } from "../git/remote.ts";
import { trialMerge } from "../git/trial-merge.ts";
import { maxDiffBytes, type Work } from "./collect-work.ts";
import { showTree } from "./show-tree.ts";
import type { Workspace } from "./workspace.ts";

export interface BaseBranch {
  url: string;
  auth?: GitAuth | undefined;
  branch: string;
}

/** With `repository`, whose base is the new tip: go on with this one, and no longer with the one that was handed in. */
export type Reconciled =
  /** The work stands on what the branch is, or the branch has changed nothing since. */
  | { kind: "current"; tip: string }
  /** Both merged. The workspace shows the result, and `work` is what is ours of it; maybe nothing is left. */
  | { kind: "moved"; repository: Repository; history: BaseHistory; work: Work }
  /** The workspace shows both versions. What the agent makes of them is collected as always. */
  | { kind: "conflicts"; repository: Repository; history: BaseHistory; conflicts: Conflict[] }
  | { kind: "unknown"; message: string };

export type Mergeability =
  | { kind: "clean"; tip: string; history: BaseHistory }
  | { kind: "conflicts"; tip: string; history: BaseHistory; paths: string[] }
  | { kind: "unknown"; message: string };

/** Before the work is judged: what is judged shall be what people get. `commit` is the work, on the repository's base. */
export async function reconcile(
  workspace: Workspace,
  repository: Repository,
  base: BaseBranch,
  commit: string,
): Promise<Reconciled> {
  const found = await tryMerge(repository, base, commit);
  if (found.kind === "current" || found.kind === "unknown") return found;
  const { tip, history, merge } = found;
  const next: Repository = { ...repository, baseCommit: tip };
  const { tree: before } = await readCommit(repository, commit);
  await showTree(workspace, repository, before, merge.tree);
  if (merge.kind === "conflicts") return { kind: "conflicts", repository: next, history, conflicts: merge.conflicts };
  const moved = await moveCommit(repository, { commit, tree: merge.tree, parent: tip });
  const diff = await diffCommits(repository, tip, moved, { maxBytes: maxDiffBytes });
  const work: Work = diff.files.length === 0 ? { kind: "unchanged" } : { kind: "changed", commit: moved, diff };
  return { kind: "moved", repository: next, history, work };
}

/** When the work is published: would it merge into what the branch is at this moment? Changes nothing. */
export async function checkMergeability(
  repository: Repository,
  base: BaseBranch,
  commit: string,
): Promise<Mergeability> {
  const found = await tryMerge(repository, base, commit);
  if (found.kind === "unknown") return found;
  if (found.kind === "current") return { kind: "clean", tip: found.tip, history: "continues" };
  const { tip, history, merge } = found;
  if (merge.kind === "clean") return { kind: "clean", tip, history };
  return { kind: "conflicts", tip, history, paths: merge.conflicts.map(({ path }) => path) };
}

async function tryMerge(repository: Repository, base: BaseBranch, commit: string) {
  const now = await fetchBase(repository, base);
  if (now.kind === "unknown") return now;
  if (now.kind === "gone") {
    return { kind: "unknown" as const, message: `The branch "${base.branch}" is no longer on ${base.url}.` };
  }
  if (now.kind === "same") return { kind: "current" as const, tip: repository.baseCommit };
  const { tip, history } = now;
  const labels = { ours: "ours (drover)", theirs: `theirs (${base.branch})` };
  // Our own change only, whatever the history in between: so what was taken out of a rewritten branch stays out.
  const merge = await trialMerge(repository, { base: repository.baseCommit, ours: commit, theirs: tip, labels });
  if (merge.kind === "up_to_date") {
    if (history === "continues") return { kind: "current" as const, tip };
    // The same files, and another history: a branch that grew from the old one would bring it back.
    const { tree } = await readCommit(repository, commit);
    return { kind: "moved" as const, tip, history, merge: { kind: "clean" as const, tree } };
  }
  return { kind: "moved" as const, tip, history, merge };
}
