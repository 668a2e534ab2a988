// Which event may change a task in which status, and what does it change? The one transition table.

import {
  applied,
  cleanUp,
  complete,
  confirmedAtEnd,
  current,
  failAttempt,
  kill,
  noteOverdue,
  notePullRequest,
  owesCleanup,
  owesOutcome,
  putBack,
} from "./endings.ts";
import type { Applied, Refused, TaskEvent } from "./events.ts";
import { type Attempt, type Failure, isFinal, isLive, type Task, type TaskStatus, taskStatuses } from "./task.ts";

/** From which statuses each event is accepted. */
export const acceptedFrom: Record<TaskEvent["type"], readonly TaskStatus[]> = {
  edited: ["queued"],
  claimed: ["queued"],
  put_back: ["launching", "running", "verifying", "publishing"],
  started: ["launching"],
  work_done: ["running"],
  // The secret scan comes before there is a commit to report.
  rejected: ["running", "verifying"],
  // Found before the work is reported, before the permit, or after it, when the base moved at the last moment.
  conflicted: ["running", "verifying", "publishing"],
  // Whoever publishes does not ask the agent any more.
  message_sent: ["queued", "launching", "running", "verifying"],
  permit_granted: ["verifying"],
  completed: ["verifying", "publishing"],
  attempt_failed: ["launching", "running", "verifying", "publishing"],
  expired: ["queued"],
  given_up: ["queued"],
  killed: ["queued", "launching", "running", "verifying", "publishing"],
  // An attempt may be cleaned up while the next one is at work.
  cleanup: taskStatuses,
  outcome_resolved: ["completed", "failed", "killed"],
  branch_taken_back: ["failed", "killed"],
  outcome_overdue: ["completed", "failed", "killed"],
  pull_request_opened: ["completed"],
  pull_request_delayed: ["completed"],
  pull_request_failed: ["completed"],
};

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
    case "put_back":
      return putBack(task, next, event, now);
    case "started": {
      const { leaseMs, limitMs } = event;
      const ends = { leaseExpiresAt: now + leaseMs, mustEndAt: now + limitMs };
      const set = { state: "running", startedAt: now, ...ends } as const;
      return {
        ...applied({ ...next, status: "running", putBacks: undefined }, { agentId: current(task) }),
        attempt: { kind: "set", agentId: current(task), set },
      };
    }
    case "work_done": {
      const { type: _, ...data } = event;
      return applied({ ...next, status: "verifying", commit: event.commit, rounds: (task.rounds ?? 0) + 1 }, data);
    }
    case "rejected":
      return reject(task, next, event);
    case "conflicted":
      return conflict(task, next, event);
    case "message_sent": {
      const messages = (task.messages ?? 0) + 1;
      const told = applied({ ...next, messages }, { message: messages, textHash: event.textHash });
      if (!isLive(task.status)) return told;
      return { ...told, attempt: { kind: "set", agentId: current(task), set: { inbox: messages } } };
    }
    case "permit_granted": {
      const { permitId, branch, verdicts } = event;
      const permittedCommits = [...(task.permittedCommits ?? []), task.commit ?? ""];
      return applied(
        { ...next, status: "publishing", permitId, branch, permittedCommits, publishOutcome: "unresolved" },
        { branch, commit: task.commit, permitId, ...(verdicts ? { verdicts } : {}) },
      );
    }
    case "completed":
      return complete(task, next, event, now);
    case "attempt_failed":
      return failAttempt(task, next, event, now);
    case "expired":
    case "given_up": {
      const failureClass = event.type === "expired" ? "timeout" : "poison";
      const failure: Failure = { class: failureClass, message: event.why };
      const told: Partial<Task> = event.type === "given_up" ? { escalated: true } : {};
      const ended: Task = { ...next, due: undefined, ...confirmedAtEnd(task, now), ...told, status: "failed", failure };
      return applied(ended, { failure });
    }
    case "killed":
      return kill(task, next, event, now);
    case "cleanup":
      return cleanUp(task, next, event, now);
    case "outcome_resolved": {
      const { outcome, takeBack } = event;
      // Recorded before the branch is removed: after a crash in between, the remote would no longer show that it was there.
      const due: Task["due"] = takeBack ? { kind: "branch", at: now } : undefined;
      const resolved = { ...next, due, outcomeOverdue: undefined, publishOutcome: outcome };
      return applied(resolved, { outcome, takeBack, branch: task.branch });
    }
    case "branch_taken_back": {
      const settled = { ...next, due: undefined, outcomeOverdue: undefined };
      return applied(settled, { deleted: event.deleted, branch: task.branch });
    }
    case "outcome_overdue":
      return noteOverdue(next, event);
    case "pull_request_opened":
    case "pull_request_delayed":
    case "pull_request_failed":
      return notePullRequest(next, event);
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
    if (event.type === "cleanup" && !owesCleanup(task, event.attempt)) return refusal(task, event, codeOf(task));
    if (event.type === "branch_taken_back" && task.due?.kind !== "branch") return refusal(task, event, "task_ended");
    if (event.type.startsWith("pull_request_") && task.due?.kind !== "pull_request") {
      return refusal(task, event, "task_ended");
    }
    if (event.type === "outcome_overdue" && (!owesOutcome(task) || task.outcomeOverdue))
      return refusal(task, event, "task_ended");
    if (event.type === "outcome_resolved" && task.publishOutcome !== "unresolved")
      return refusal(task, event, "task_ended");
    return undefined;
  }
  return refusal(task, event, codeOf(task));
}

const codeOf = ({ status }: Task) => (isFinal(status) ? "task_ended" : "illegal_transition");

function refusal(task: Task, event: TaskEvent, code: Refused["code"]): Refused {
  return { kind: "refused", code, reason: `${task.taskId} is ${task.status}: ${event.type} is not possible now` };
}

/** The commit that was rejected is not the task's work any more; an earlier attempt's branch stays known. */
function reject(before: Task, next: Task, event: Extract<TaskEvent, { type: "rejected" }>): Applied {
  const { type: _, by, ...data } = event;
  // That a person has something to add is no fault of the work.
  const rejections = (before.rejections ?? 0) + (by === "message" ? 0 : 1);
  return applied({ ...next, status: "running", rejections }, { ...data, rejectedBy: by, agentId: current(before) });
}

/** The supervisor says so before it pushed anything: this permit is void and leaves no outcome to find out. */
function conflict(before: Task, next: Task, { paths }: Extract<TaskEvent, { type: "conflicted" }>): Applied {
  const data = { paths, agentId: current(before) };
  const conflicts = (before.conflicts ?? 0) + 1;
  if (before.status !== "publishing") return applied({ ...next, status: "running", conflicts }, data);
  const publishOutcome = (before.permittedCommits ?? []).length > 1 ? next.publishOutcome : undefined;
  const task: Task = { ...next, status: "running", conflicts, permitId: undefined, publishOutcome };
  return applied(task, { ...data, permitId: before.permitId });
}

function claim(next: Task, event: Extract<TaskEvent, { type: "claimed" }>, now: number): Applied {
  const number = next.attempt + 1;
  const { slots } = event;
  const task: Task = {
    ...next,
    status: "launching",
    due: undefined,
    attempt: number,
    attemptsUsed: next.attemptsUsed + 1,
    rounds: undefined,
    slots,
  };
  const agentId = current(task);
  const attempt: Attempt = {
    agentId,
    taskId: task.taskId,
    attempt: number,
    state: "spawning",
    backend: task.backend,
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
