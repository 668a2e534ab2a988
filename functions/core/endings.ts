// How does an attempt end, and what becomes of its task then?
import type { Applied, TaskEvent } from "./events.ts";
import { decideAfterFailure } from "./failures.ts";
import { type AgentId, agentIdOf } from "./ids.ts";
import { type AttemptState, type Failure, isLive, type Task } from "./task.ts";

/** How soon a stop that nobody confirmed is looked at again. */
export const stopCheckMs = 5_000;

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
    ...queueAgain(next, event.notBefore),
    attemptsUsed: before.attemptsUsed - 1,
    putBacks: (before.putBacks ?? 0) + 1,
  };
  return { ...endAttempt(before, back, "failed", now), data: { agentId: current(before), why: event.why } };
}

/** Back to the queue. The commit and branch of the failed attempt stay known: the next one may replace that branch. */
function queueAgain(task: Task, notBefore: number): Task {
  const { slots: _slots, permitId: _permit, ...rest } = task;
  return { ...rest, status: "queued", due: { kind: "ready", at: notBefore } };
}

/** An attempt of a task that waits again may have pushed before it was lost: then that is still to be found out. */
export const owedOutcome = (task: Task, now: number): Partial<Task> =>
  task.publishOutcome === "unresolved" ? { due: { kind: "outcome", at: now } } : {};

function endAttempt(before: Task, task: Task, state: AttemptState, now: number): Applied {
  if (!isLive(before.status)) return applied(task, {});
  const agentId = current(before);
  return {
    ...applied(task, {}),
    attempt: { kind: "set", agentId, set: { state, endedAt: now } },
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
  const { slots: _, failure: __, ...rest } = next;
  const result = event.result;
  // Nothing to push this time; an earlier attempt may have pushed all the same.
  const outcome: Partial<Task> =
    result.kind === "pushed"
      ? { branch: result.branch, publishOutcome: "pushed" }
      : { noChanges: true, ...owedOutcome(before, now) };
  return { ...endAttempt(before, { ...rest, ...outcome, status: "completed" }, "completed", now), data: { ...result } };
}

export function failAttempt(before: Task, next: Task, failure: Failure, now: number): Applied {
  const agentId = current(before);
  const after = decideAfterFailure(before, failure, now);
  if (after.kind === "retry") {
    const again = queueAgain({ ...next, failure }, after.notBefore);
    if (!after.usesAttempt) again.attemptsUsed -= 1;
    return { ...endAttempt(before, again, "failed", now), data: { agentId, failure, notBefore: after.notBefore } };
  }
  const { slots: _, ...rest } = next;
  const failed: Task = {
    ...rest,
    status: "failed",
    failure,
    due: { kind: "stop", at: now + stopCheckMs },
    ...(after.escalate ? { escalated: true } : {}),
  };
  return { ...endAttempt(before, failed, "failed", now), data: { agentId, failure, why: after.why } };
}

export function kill(before: Task, next: Task, event: Extract<TaskEvent, { type: "killed" }>, now: number): Applied {
  const { slots: _slots, due: _due, ...rest } = next;
  const { by, reason, cause } = event;
  // A task that was never claimed has no sandbox. The commit that kills a live one is the fence; its process is stopped after it.
  const stop: Partial<Task> =
    // One that waits for another try had a sandbox, which may live yet.
    before.attempt === 0 ? { stopConfirmation: "not_needed" } : { due: { kind: "stop", at: now + stopCheckMs } };
  const task: Task = { ...rest, ...stop, status: "killed", killed: { by, reason, from: before.status, cause } };
  const data = { reason, cause, from: before.status, attempt: before.attempt };
  return { ...endAttempt(before, task, "killed", now), data };
}
