// Which event may change a task in which status, and what does it change? The one transition table.
import { decideAfterFailure } from "./failures.ts";
import { type AgentId, agentIdOf, type PermitId } from "./ids.ts";
import type { StopConfirmation, Task, TaskStatus } from "./task.ts";
import { type Attempt, type AttemptState, type Failure, isFinal, isLive, type PublishOutcome } from "./task.ts";

export type TaskEvent =
  | { type: "claimed"; slot: number; leaseMs: number }
  | { type: "put_back"; why: string; notBefore: number }
  | { type: "started"; leaseMs: number }
  | { type: "work_done"; commit: string; files: number; additions: number; deletions: number }
  | { type: "permit_granted"; permitId: PermitId; branch: string }
  | { type: "completed"; result: { kind: "pushed"; branch: string; commit: string } | { kind: "no_changes" } }
  | { type: "attempt_failed"; failure: Failure }
  | { type: "killed"; reason: string; by: string }
  | { type: "stop_confirmed"; how: StopConfirmation }
  | { type: "outcome_resolved"; outcome: PublishOutcome; branchDeleted: boolean };

/** From which statuses each event is accepted. */
export const acceptedFrom: Record<TaskEvent["type"], readonly TaskStatus[]> = {
  claimed: ["queued"],
  put_back: ["launching"],
  started: ["launching"],
  work_done: ["running"],
  permit_granted: ["verifying"],
  completed: ["verifying", "publishing"],
  attempt_failed: ["launching", "running", "verifying", "publishing"],
  killed: ["queued", "launching", "running", "verifying", "publishing"],
  stop_confirmed: ["failed", "killed"],
  outcome_resolved: ["failed", "killed"],
};

/** What else the same transaction writes. A slot names its holder, so a double release is impossible. */
export type AttemptChange =
  | { kind: "open"; attempt: Attempt }
  | { kind: "set"; agentId: AgentId; set: Partial<Attempt> };
export type SlotChange = { kind: "take" | "release"; slot: number; holder: AgentId };

export interface Applied {
  kind: "applied";
  task: Task;
  /** The facts for the audit log. */
  data: Record<string, unknown>;
  attempt?: AttemptChange;
  slot?: SlotChange;
}

export type Refused = { kind: "refused"; code: "task_ended" | "illegal_transition"; reason: string };

/** How soon a stop that nobody confirmed is looked at again. */
const stopCheckMs = 5_000;

/** The next task and what goes with it, or why the event may not happen. Pure: `now` is epoch milliseconds. */
export function applyEvent(task: Task, event: TaskEvent, now: number): Applied | Refused {
  const refused = refuse(task, event);
  if (refused) return refused;
  const next: Task = { ...task, version: task.version + 1, updatedAt: now };
  switch (event.type) {
    case "claimed":
      return claim(next, event, now);
    case "put_back": {
      const back: Task = { ...queueAgain(next, event.notBefore), attemptsUsed: task.attemptsUsed - 1 };
      return { ...endAttempt(task, back, "failed", now), data: { agentId: current(task), why: event.why } };
    }
    case "started": {
      const set = { state: "running", startedAt: now, leaseExpiresAt: now + event.leaseMs } as const;
      return {
        ...applied({ ...next, status: "running" }, { agentId: current(task) }),
        attempt: { kind: "set", agentId: current(task), set },
      };
    }
    case "work_done": {
      const { type: _, ...data } = event;
      return applied({ ...next, status: "verifying", commit: event.commit }, data);
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
    case "killed":
      return kill(task, next, event, now);
    case "stop_confirmed": {
      const { due: _, ...rest } = next;
      const owed = task.publishOutcome === "unresolved" ? { due: { kind: "outcome", at: now } as const } : {};
      return applied({ ...rest, ...owed, stopConfirmation: event.how }, { how: event.how });
    }
    case "outcome_resolved": {
      const { due: _, ...rest } = next;
      const { outcome, branchDeleted } = event;
      return applied({ ...rest, publishOutcome: outcome }, { outcome, branchDeleted, branch: task.branch });
    }
  }
}

function refuse(task: Task, event: TaskEvent): Refused | undefined {
  if (acceptedFrom[event.type].includes(task.status)) {
    if (event.type === "stop_confirmed" && task.stopConfirmation) return refusal(task, event, "task_ended");
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
  const task: Task = {
    ...rest,
    status: "launching",
    attempt: number,
    attemptsUsed: next.attemptsUsed + 1,
    slot: event.slot,
  };
  const agentId = current(task);
  const attempt: Attempt = {
    agentId,
    taskId: task.taskId,
    attempt: number,
    state: "spawning",
    slot: event.slot,
    claimedAt: now,
    leaseExpiresAt: now + event.leaseMs,
  };
  return {
    ...applied(task, { agentId, slot: event.slot }),
    attempt: { kind: "open", attempt },
    slot: { kind: "take", slot: event.slot, holder: agentId },
  };
}

/** Back to the queue. The commit and branch of the failed attempt stay known: the next one may replace that branch. */
function queueAgain(task: Task, notBefore: number): Task {
  const { slot: _slot, permitId: _permit, ...rest } = task;
  return { ...rest, status: "queued", due: { kind: "ready", at: notBefore } };
}

function endAttempt(before: Task, task: Task, state: AttemptState, now: number): Applied {
  if (!isLive(before.status) || before.slot === undefined) return applied(task, {});
  const agentId = current(before);
  return {
    ...applied(task, {}),
    attempt: { kind: "set", agentId, set: { state, endedAt: now } },
    slot: { kind: "release", slot: before.slot, holder: agentId },
  };
}

function complete(before: Task, next: Task, event: Extract<TaskEvent, { type: "completed" }>, now: number): Applied {
  const { slot: _, ...rest } = next;
  const result = event.result;
  const outcome: Partial<Task> =
    result.kind === "pushed" ? { branch: result.branch, publishOutcome: "pushed" } : { noChanges: true };
  return { ...endAttempt(before, { ...rest, ...outcome, status: "completed" }, "completed", now), data: { ...result } };
}

function failAttempt(before: Task, next: Task, failure: Failure, now: number): Applied {
  const agentId = current(before);
  const after = decideAfterFailure(before, failure, now);
  if (after.kind === "retry") {
    const again = queueAgain({ ...next, failure }, after.notBefore);
    return { ...endAttempt(before, again, "failed", now), data: { agentId, failure, notBefore: after.notBefore } };
  }
  const { slot: _, ...rest } = next;
  const failed: Task = { ...rest, status: "failed", failure, due: { kind: "stop", at: now + stopCheckMs } };
  return { ...endAttempt(before, failed, "failed", now), data: { agentId, failure, why: after.why } };
}

function kill(before: Task, next: Task, event: Extract<TaskEvent, { type: "killed" }>, now: number): Applied {
  const { slot: _slot, due: _due, ...rest } = next;
  const { by, reason } = event;
  // A queued task has no sandbox. The commit that kills a live one is the fence; its process is stopped after it.
  const stop: Partial<Task> =
    before.status === "queued" ? { stopConfirmation: "not_needed" } : { due: { kind: "stop", at: now + stopCheckMs } };
  // An earlier attempt may have pushed before it was lost.
  if (before.status === "queued" && before.publishOutcome === "unresolved") stop.due = { kind: "outcome", at: now };
  const task: Task = { ...rest, ...stop, status: "killed", killed: { by, reason, from: before.status } };
  const data = { reason, from: before.status, attempt: before.attempt };
  return { ...endAttempt(before, task, "killed", now), data };
}
