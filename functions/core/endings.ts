// How does an attempt end, and what becomes of its task then?
import type { Applied, TaskEvent } from "./events.ts";
import { decideAfterFailure } from "./failures.ts";
import { type AgentId, agentIdOf } from "./ids.ts";
import { providerPool } from "./slots.ts";
import {
  type Attempt,
  type AttemptState,
  type Due,
  type Failure,
  isFinal,
  isLive,
  type StopConfirmation,
  type Task,
} from "./task.ts";

/** How soon after its end the sandbox of an attempt is looked at: one that should leave by itself gets time for it. */
const firstLookMs = { completed: 120_000, otherwise: 5_000 } as const;

export const applied = (task: Task, data: Record<string, unknown>): Applied => ({ kind: "applied", task, data });
export const current = (task: Task): AgentId => agentIdOf(task.taskId, task.attempt);

/** An attempt that never came to work is not counted. */
export function putBack(
  before: Task,
  next: Task,
  event: Extract<TaskEvent, { type: "put_back" }>,
  now: number,
): Applied {
  const back: Task = {
    ...queueAgain(next, { kind: "ready", at: event.notBefore }),
    attemptsUsed: before.attemptsUsed - 1,
    putBacks: (before.putBacks ?? 0) + 1,
    // One that never ran has waited all along: else it would never be too old, however often it comes back.
    ...(before.status === "launching" || event.hasNotBegun ? {} : { allowedAt: event.notBefore }),
  };
  const { why, neverLaunched, notBefore } = event;
  const data = { agentId: current(before), why, notBefore, ...(neverLaunched ? { neverLaunched } : {}) };
  return { ...endAttempt(before, back, "failed", now, neverLaunched), data };
}

/** Back to the queue. The commit and branch of the failed attempt stay known: the next one may replace that branch. */
function queueAgain(task: Task, due: Due): Task {
  return { ...task, status: "queued", due, slots: undefined, permitId: undefined };
}

/** Out of quota, it waits with the other tasks of its provider, so that they go on together. */
function dueAgain({ workspace, provider }: Task, failure: Failure, at: number): Due {
  if (failure.class !== "provider_quota" || !provider) return { kind: "ready", at };
  return { kind: "held", at, pool: providerPool(workspace, provider) };
}

/** An attempt of a task that waits again may have pushed before it was lost: then that is still to be found out. */
const owedOutcome = (task: Task, now: number): Partial<Task> =>
  task.publishOutcome === "unresolved" ? { due: { kind: "outcome", at: now } } : {};

function endAttempt(before: Task, task: Task, state: AttemptState, now: number, neverLaunched?: true): Applied {
  if (!isLive(before.status)) return applied(task, {});
  const agentId = current(before);
  const owedCleanups = [...(before.owedCleanups ?? []), { attempt: before.attempt }];
  const lookInMs = state === "completed" ? firstLookMs.completed : firstLookMs.otherwise;
  // Of what was never launched nothing is left: its slots go with this write.
  const after: Partial<Attempt> = neverLaunched ? { neverLaunched, cleanedUpAt: now } : { cleanupAt: now + lookInMs };
  return {
    ...applied(neverLaunched ? task : { ...task, owedCleanups }, {}),
    attempt: { kind: "set", agentId, set: { state, endedAt: now, ...after } },
    slots: (before.slots ?? []).map((slot) => ({
      kind: "release",
      slot,
      holder: agentId,
      workspace: before.workspace,
    })),
  };
}

export function complete(
  before: Task,
  next: Task,
  event: Extract<TaskEvent, { type: "completed" }>,
  now: number,
): Applied {
  const result = event.result;
  // Nothing to push this time; an earlier attempt may have pushed all the same.
  const outcome: Partial<Task> =
    result.kind === "pushed"
      ? {
          branch: result.branch,
          publishOutcome: "pushed",
          ...(result.merge && { merges: result.merge.kind }),
          ...owedPullRequest(before, now),
        }
      : { noChanges: true, ...owedOutcome(before, now) };
  const task: Task = { ...next, ...outcome, status: "completed", slots: undefined, failure: undefined };
  return { ...endAttempt(before, task, "completed", now), data: { ...result } };
}

const owedPullRequest = (task: Task, now: number): Partial<Task> =>
  task.pullRequest ? { due: { kind: "pull_request", at: now } } : {};

/** Owed until it is open, or until it is known that it cannot be opened. */
export function notePullRequest(next: Task, event: Extract<TaskEvent, { type: `pull_request_${string}` }>): Applied {
  const task: Task = { ...next, due: undefined };
  switch (event.type) {
    case "pull_request_opened": {
      const { url, number, reused } = event;
      return applied({ ...task, pullRequest: { state: "open", url, number } }, { url, number, reused });
    }
    case "pull_request_delayed": {
      const { why, tries, notBefore } = event;
      const due = { kind: "pull_request", at: notBefore } as const;
      return applied({ ...task, due, pullRequest: { state: "delayed", why, tries } }, { why, tries, notBefore });
    }
    case "pull_request_failed": {
      const { why, tries } = event;
      return applied({ ...task, pullRequest: { state: "failed", why } }, { why, tries });
    }
  }
}

const maxWhyCharacters = 300;

export const owesOutcome = ({ due }: Task): boolean => due?.kind === "outcome" || due?.kind === "branch";

export function noteOverdue(next: Task, event: Extract<TaskEvent, { type: "outcome_overdue" }>): Applied {
  const why = event.why.slice(0, maxWhyCharacters).toWellFormed();
  const due = next.due && { ...next.due, at: event.notBefore };
  return applied({ ...next, due, outcomeOverdue: { why } }, { owes: due?.kind, why });
}

export function failAttempt(
  before: Task,
  next: Task,
  { failure, neverLaunched }: Extract<TaskEvent, { type: "attempt_failed" }>,
  now: number,
): Applied {
  const agentId = current(before);
  const launch = neverLaunched ? { neverLaunched } : {};
  const after = decideAfterFailure(before, failure, now);
  if (after.kind === "retry") {
    const again = queueAgain(
      { ...next, failure, allowedAt: after.notBefore },
      dueAgain(before, failure, after.notBefore),
    );
    if (!after.usesAttempt) again.attemptsUsed -= 1;
    const data = { agentId, failure, ...launch, notBefore: after.notBefore };
    return { ...endAttempt(before, again, "failed", now, neverLaunched), data };
  }
  const failed: Task = {
    ...next,
    ...(neverLaunched && !before.owedCleanups ? confirmed(before, "never_started", now) : {}),
    status: "failed",
    slots: undefined,
    failure,
    ...(after.escalate ? { escalated: true } : {}),
  };
  const data = { agentId, failure, ...launch, why: after.why };
  return { ...endAttempt(before, failed, "failed", now, neverLaunched), data };
}

export function kill(before: Task, next: Task, event: Extract<TaskEvent, { type: "killed" }>, now: number): Applied {
  const { by, reason, cause } = event;
  const ended: Task = { ...next, status: "killed", killed: { by, reason, from: before.status, cause } };
  const task: Task = { ...ended, slots: undefined, due: undefined, ...confirmedAtEnd(before, now) };
  const agent = isLive(before.status) ? { agentId: current(before) } : {};
  const data = { ...agent, attempt: before.attempt, cause, from: before.status, reason };
  return { ...endAttempt(before, task, "killed", now), data };
}

export const owesCleanup = ({ owedCleanups }: Task, attempt: number): boolean =>
  owedCleanups?.some((owed) => owed.attempt === attempt) ?? false;

/** A task that ends while it waits has no sandbox, unless that of an earlier attempt may live yet. */
export const confirmedAtEnd = (before: Task, now: number): Partial<Task> =>
  isLive(before.status) || before.owedCleanups ? {} : confirmed(before, "not_needed", now);

/** Nothing of the task runs any more, so what it has pushed can be found out. */
const confirmed = (before: Task, stopConfirmation: StopConfirmation, now: number): Partial<Task> => ({
  ...owedOutcome(before, now),
  stopConfirmation,
});

/** Once for each attempt that may have been launched. The last that an ended task owes is also the confirmation that nothing of it runs any more. */
export function cleanUp(
  before: Task,
  next: Task,
  { attempt, sandbox, sandboxArn, slots, isFolderLeft }: Extract<TaskEvent, { type: "cleanup" }>,
  now: number,
): Applied {
  const left = (next.owedCleanups ?? []).filter((owed) => owed.attempt !== attempt);
  const isLast = isFinal(before.status) && left.length === 0;
  const task: Task = {
    ...next,
    owedCleanups: left.length > 0 ? left : undefined,
    ...(isLast ? confirmed(before, sandbox, now) : {}),
  };
  const agentId = agentIdOf(before.taskId, attempt);
  const set = {
    cleanedUpAt: now,
    cleanupAt: undefined,
    unseenAt: undefined,
    ...(sandbox === "stopped" ? { sandboxStoppedAt: now } : {}),
  };
  const removed = isFolderLeft ? "not_removed_yet" : "removed_with_sandbox";
  const disk = sandbox === "never_started" ? "never_made" : removed;
  // Its token opens nothing since its end, and what its supervisor held in memory went with the sandbox.
  const steps = { access: "void", disk, sandbox, slots };
  const which = sandboxArn === undefined ? {} : { sandboxArn };
  return { ...applied(task, { agentId, ...which, steps }), attempt: { kind: "set", agentId, set } };
}

/** The same end without giving the slots back: they stay noted for the cleanup. */
export function leaveSlots(end: Applied, before: Task): Applied {
  if (!end.slots?.length) return end;
  const owedCleanups = end.task.owedCleanups?.map((owed) =>
    owed.attempt === before.attempt ? { ...owed, slots: before.slots } : owed,
  );
  return { ...end, slots: [], task: { ...end.task, owedCleanups } };
}
