// Which event may change a task in which status, and what does it change? The one transition table.

import type { Applied, Refused, TaskEvent } from "./events.ts";
import { decideAfterFailure } from "./failures.ts";
import { type AgentId, agentIdOf } from "./ids.ts";
import { type Attempt, type AttemptState, type Failure, isFinal, isLive, type Task, type TaskStatus } from "./task.ts";

/** From which statuses each event is accepted. */
export const acceptedFrom: Record<TaskEvent["type"], readonly TaskStatus[]> = {
  edited: ["queued"],
  claimed: ["queued"],
  put_back: ["launching", "running", "verifying", "publishing"],
  started: ["launching"],
  work_done: ["running"],
  rejected: ["verifying"],
  conflicted: ["publishing"],
  permit_granted: ["verifying"],
  completed: ["verifying", "publishing"],
  attempt_failed: ["launching", "running", "verifying", "publishing"],
  expired: ["queued"],
  given_up: ["queued"],
  killed: ["queued", "launching", "running", "verifying", "publishing"],
  stop_confirmed: ["failed", "killed"],
  outcome_resolved: ["completed", "failed", "killed"],
  branch_taken_back: ["failed", "killed"],
};

/** How soon a stop that nobody confirmed is looked at again. */
const stopCheckMs = 5_000;

/** The next task and what goes with it, or why the event may not happen. Pure: `now` is epoch milliseconds. */
export function applyEvent(task: Task, event: TaskEvent, now: number): Applied | Refused {
  const refused = refuse(task, event);
  if (refused) return refused;
  const next: Task = { ...task, version: task.version + 1, updatedAt: now };
  switch (event.type) {
    case "edited": {
      const { type: _, fields, ...changed } = event;
      return applied({ ...next, ...changed }, { fields });
    }
    case "claimed":
      return claim(next, event, now);
    case "put_back": {
      const back: Task = {
        ...queueAgain(next, event.notBefore),
        attemptsUsed: task.attemptsUsed - 1,
        putBacks: (task.putBacks ?? 0) + 1,
      };
      return { ...endAttempt(task, back, "failed", now), data: { agentId: current(task), why: event.why } };
    }
    case "started": {
      const { putBacks: _, ...started } = next;
      const set = { state: "running", startedAt: now, leaseExpiresAt: now + event.leaseMs } as const;
      return {
        ...applied({ ...started, status: "running" }, { agentId: current(task) }),
        attempt: { kind: "set", agentId: current(task), set },
      };
    }
    case "work_done": {
      const { type: _, ...data } = event;
      return applied({ ...next, status: "verifying", commit: event.commit }, data);
    }
    case "rejected":
      return applied({ ...next, status: "running", rejections: (task.rejections ?? 0) + 1 }, { why: event.why });
    case "conflicted": {
      // The supervisor says so before it pushed anything, so this permit is void and leaves no outcome to find out.
      const { permitId: _, publishOutcome, ...rest } = next;
      const earlier = (task.permittedCommits ?? []).length > 1 ? { publishOutcome } : {};
      return applied({ ...rest, ...earlier, status: "running" }, { paths: event.paths, permitId: task.permitId });
    }
    case "permit_granted": {
      const { permitId, branch } = event;
      const permittedCommits = [...(task.permittedCommits ?? []), task.commit ?? ""];
      return applied(
        { ...next, status: "publishing", permitId, branch, permittedCommits, publishOutcome: "unresolved" },
        { permitId, branch, commit: task.commit },
      );
    }
    case "completed":
      return complete(task, next, event, now);
    case "attempt_failed":
      return failAttempt(task, next, event.failure, now);
    case "expired":
    case "given_up": {
      const { due: _, ...rest } = next;
      const failureClass = event.type === "expired" ? "timeout" : "poison";
      const failure: Failure = { class: failureClass, message: event.why };
      // One that waits for another try had a sandbox, which may live yet.
      const stop: Partial<Task> =
        task.attempt === 0 ? { stopConfirmation: "not_needed" } : { due: { kind: "stop", at: now + stopCheckMs } };
      const told: Partial<Task> = event.type === "given_up" ? { escalated: true } : {};
      return applied({ ...rest, ...stop, ...told, status: "failed", failure }, { failure });
    }
    case "killed":
      return kill(task, next, event, now);
    case "stop_confirmed": {
      const { due: _, ...rest } = next;
      return applied({ ...rest, ...owedOutcome(task, now), stopConfirmation: event.how }, { how: event.how });
    }
    case "outcome_resolved": {
      const { due: _, ...rest } = next;
      const { outcome, takeBack } = event;
      // Recorded before the branch is removed: after a crash in between, the remote would no longer show that it was there.
      const owed: Partial<Task> = takeBack ? { due: { kind: "branch", at: now } } : {};
      return applied({ ...rest, ...owed, publishOutcome: outcome }, { outcome, takeBack, branch: task.branch });
    }
    case "branch_taken_back": {
      const { due: _, ...rest } = next;
      return applied(rest, { deleted: event.deleted, branch: task.branch });
    }
  }
}

/** A receipt is for what was permitted; without a permit there is nothing that could have been pushed. */
function isOutOfTurn(task: Task, event: Extract<TaskEvent, { type: "completed" }>): boolean {
  const { result } = event;
  if (result.kind === "no_changes") return task.status !== "verifying";
  return task.status !== "publishing" || result.commit !== task.commit || result.branch !== task.branch;
}

function refuse(task: Task, event: TaskEvent): Refused | undefined {
  if (event.type === "completed" && isLive(task.status) && isOutOfTurn(task, event)) {
    return refusal(task, event, "illegal_transition");
  }
  if (acceptedFrom[event.type].includes(task.status)) {
    if (event.type === "stop_confirmed" && task.stopConfirmation) return refusal(task, event, "task_ended");
    if (event.type === "branch_taken_back" && task.due?.kind !== "branch") return refusal(task, event, "task_ended");
    if (event.type === "outcome_resolved" && task.publishOutcome !== "unresolved")
      return refusal(task, event, "task_ended");
    return undefined;
  }
  return refusal(task, event, isFinal(task.status) ? "task_ended" : "illegal_transition");
}

function refusal(task: Task, event: TaskEvent, code: Refused["code"]): Refused {
  return { kind: "refused", code, reason: `${task.taskId} is ${task.status}: ${event.type} is not possible now` };
}

const applied = (task: Task, data: Record<string, unknown>): Applied => ({ kind: "applied", task, data });
const current = (task: Task): AgentId => agentIdOf(task.taskId, task.attempt);

function claim(next: Task, event: Extract<TaskEvent, { type: "claimed" }>, now: number): Applied {
  const number = next.attempt + 1;
  const { due: _, ...rest } = next;
  const { slots } = event;
  const task: Task = {
    ...rest,
    status: "launching",
    attempt: number,
    attemptsUsed: next.attemptsUsed + 1,
    slots,
  };
  const agentId = current(task);
  const attempt: Attempt = {
    agentId,
    taskId: task.taskId,
    attempt: number,
    state: "spawning",
    slots,
    claimedAt: now,
    leaseExpiresAt: now + event.leaseMs,
  };
  return {
    ...applied(task, { agentId, slots }),
    attempt: { kind: "open", attempt },
    slots: slots.map((slot) => ({ kind: "take", slot, holder: agentId, workspace: task.workspace })),
  };
}

/** Back to the queue. The commit and branch of the failed attempt stay known: the next one may replace that branch. */
function queueAgain(task: Task, notBefore: number): Task {
  const { slots: _slots, permitId: _permit, ...rest } = task;
  return { ...rest, status: "queued", due: { kind: "ready", at: notBefore } };
}

/** An attempt of a task that waits again may have pushed before it was lost: then that is still to be found out. */
const owedOutcome = (task: Task, now: number): Partial<Task> =>
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

function complete(before: Task, next: Task, event: Extract<TaskEvent, { type: "completed" }>, now: number): Applied {
  const { slots: _, failure: __, ...rest } = next;
  const result = event.result;
  // Nothing to push this time; an earlier attempt may have pushed all the same.
  const outcome: Partial<Task> =
    result.kind === "pushed"
      ? { branch: result.branch, publishOutcome: "pushed" }
      : { noChanges: true, ...owedOutcome(before, now) };
  return { ...endAttempt(before, { ...rest, ...outcome, status: "completed" }, "completed", now), data: { ...result } };
}

function failAttempt(before: Task, next: Task, failure: Failure, now: number): Applied {
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

function kill(before: Task, next: Task, event: Extract<TaskEvent, { type: "killed" }>, now: number): Applied {
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
