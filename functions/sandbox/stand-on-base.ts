// Does the work stand on what the base branch is by now? Collected, moved onto the new tip, or back to the agent.
import { maxConflictPaths, type StartAnswer } from "../core/callbacks.ts";
import type { Merge } from "../core/events.ts";
import type { Failure } from "../core/task.ts";
import { findUnresolved } from "../git/find-unresolved.ts";
import type { Conflict } from "../git/merge-stages.ts";
import type { Repository } from "../git/objects.ts";
import type { Author } from "./author.ts";
import { collectWork, type Work } from "./collect-work.ts";
import { describeConflicts } from "./describe-conflicts.ts";
import { checkMergeability, reconcile } from "./reconcile.ts";
import type { Attempt } from "./run-attempt.ts";

export interface Standing {
  /** Its base is the tip that the work stands on. */
  repository: Repository;
  /** How often the base branch had changed the same as the work of this task. */
  conflicts: number;
  /** What was put into the workspace to be decided, and must be gone from the next work. */
  unresolved: readonly Conflict[];
}

export type Stood = { standing: Standing } & (
  | { kind: "stands"; work: Extract<Work, { kind: "changed" }> }
  | { kind: "unchanged" }
  | { kind: "conflicts"; feedback: string }
);

const transferLimitMs = 10 * 60_000;
const mergeLimitMs = 15 * 60_000;
const maxConflicts = 3;

export async function standOnBase(
  attempt: Attempt,
  author: Author,
  standing: Standing,
): Promise<Stood | { kind: "failed"; failure: Failure }> {
  const { answer, heartbeat, log, workspace } = attempt;
  const { repository, unresolved } = standing;
  const work = await collect(attempt, repository);
  if (work.kind === "unchanged") return { kind: "unchanged", standing };
  const left = await findUnresolved(repository, work.commit, unresolved);
  if (left.length > 0) return sendBack(attempt, author, standing, left);

  heartbeat.enter("looking at the base branch", mergeLimitMs);
  const found = await reconcile(workspace, repository, answer.repository, work.commit);
  switch (found.kind) {
    case "unknown":
      // Whether it merges is for people to know; the push itself needs nothing of it.
      log.note(`whether the base branch has moved is unknown: ${found.message}`);
      return { kind: "stands", work, standing: { ...standing, unresolved: [] } };
    case "current":
      return { kind: "stands", work, standing: { ...standing, unresolved: [] } };
    case "moved": {
      log.note(`${answer.repository.branch} has moved, and the work with it`);
      const next: Standing = { ...standing, repository: found.repository, unresolved: [] };
      if (found.work.kind === "unchanged") return { kind: "unchanged", standing: next };
      return { kind: "stands", work: found.work, standing: next };
    }
    case "conflicts":
      return sendBack(attempt, author, { ...standing, repository: found.repository }, found.conflicts);
  }
}

/** While the work was judged the branch may have moved again. That is no reason to judge it anew, but people are told. */
export async function lookWhetherItMerges(
  { answer, heartbeat, log }: Attempt,
  repository: Repository,
  commit: string,
): Promise<Merge> {
  heartbeat.enter("looking at the base branch", mergeLimitMs);
  const found = await checkMergeability(repository, answer.repository, commit);
  const { branch } = answer.repository;
  if (found.kind === "unknown") {
    log.note(`whether the work merges into ${branch} is unknown: ${found.message}`);
    return { kind: "unknown" };
  }
  // Of a history that it is not part of: it stands on what was taken out there.
  const kind = found.history === "rewritten" ? "unknown" : found.kind;
  if (kind !== "clean") log.note(`${branch} has moved to ${found.tip} (${found.history}): ${found.kind}`);
  if (found.kind === "clean") return { kind, tip: found.tip };
  return { kind, tip: found.tip, paths: found.paths.slice(0, maxConflictPaths).map(shorten) };
}

async function collect({ answer, heartbeat, log, workspace }: Attempt, repository: Repository): Promise<Work> {
  heartbeat.enter("collecting", transferLimitMs);
  await workspace.quiesce();
  // What the agent made unreadable is part of its tree all the same. `X` leaves the exec bits of files as they are.
  await workspace.run({ argv: ["chmod", "-R", "u+rwX", "."], timeoutMs: transferLimitMs }, () => undefined);
  return collectWork(workspace, repository, commitMessage(answer), log);
}

/** The workspace shows both versions by now. */
async function sendBack(attempt: Attempt, author: Author, standing: Standing, unresolved: readonly Conflict[]) {
  const { answer, log, plane } = attempt;
  const conflicts = standing.conflicts + 1;
  const paths = unresolved.map(({ path }) => path);
  log.note(`conflicts with ${answer.repository.branch}: ${paths.join(", ")}`);
  if (!author.canRepair || conflicts > maxConflicts) {
    const shown = paths.slice(0, 5).join(", ");
    const more = paths.length > 5 ? ` and ${paths.length - 5} more` : "";
    const message = `The work conflicts with what ${answer.repository.branch} has become, in ${shown}${more}.`;
    // A command works on whatever the branch is by then; an agent that could not decide has had its chances.
    const failure: Failure = { class: "agent_error", message, repeatable: !author.canRepair };
    return { kind: "failed", failure } as const;
  }
  await plane.conflicted({ paths: paths.slice(0, maxConflictPaths).map(shorten), conflict: conflicts });
  const feedback = describeConflicts(answer.repository.branch, unresolved);
  return { kind: "conflicts", feedback, standing: { ...standing, conflicts, unresolved } } as const;
}

const maxPathCharacters = 400;
const shorten = (path: string) =>
  path.length <= maxPathCharacters ? path : `…${path.slice(1 - maxPathCharacters).toWellFormed()}`;

function commitMessage({ title, prompt, taskId }: StartAnswer): string {
  const body = prompt.trim() === title ? "" : `${prompt.trim()}\n\n`;
  return `${title}\n\n${body}Drover-Task: ${taskId}\n`;
}
