// Would two commits merge, and what would come of it?
import type { Conflict } from "./merge-stages.ts";
import type { Labels } from "./merge-text.ts";
import { mergeTrees } from "./merge-trees.ts";
import { type Repository, readCommit } from "./objects.ts";

export interface MergeRequest {
  /** The commit that both grew from. */
  base: string;
  ours: string;
  theirs: string;
  labels: Labels;
}

export type TrialMerge =
  /** They have changed nothing that we do not have. */
  | { kind: "up_to_date" }
  | { kind: "clean"; tree: string }
  /** `tree` is for whoever resolves it: texts with markers, other things side by side. */
  | { kind: "conflicts"; tree: string; conflicts: Conflict[] };

/** Writes objects and nothing else: no branch moves, whatever the answer. */
export async function trialMerge(repository: Repository, request: MergeRequest): Promise<TrialMerge> {
  const treeOf = async (commit: string) => (await readCommit(repository, commit)).tree;
  const [base, ours, theirs] = [await treeOf(request.base), await treeOf(request.ours), await treeOf(request.theirs)];
  if (theirs === base) return { kind: "up_to_date" };
  const { tree, conflicts } = await mergeTrees(repository, { base, ours, theirs }, request.labels);
  return conflicts.length === 0
    ? { kind: "clean", tree }
    : { kind: "conflicts", tree, conflicts: conflicts.map(spell) };
}

/** Paths as people read them. */
function spell({ path, also, aside, ...rest }: Conflict): Conflict {
  return { ...rest, path: toText(path), also: also.map(toText), ...(aside !== undefined && { aside: toText(aside) }) };
}

const toText = (bytes: string) => Buffer.from(bytes, "latin1").toString();
