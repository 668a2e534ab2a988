// A supervisor reports the agent's work, asks for the permit to publish it, and reports what became of it.
import type {
  CompleteMessage,
  ConflictMessage,
  PermitAnswer,
  PermitMessage,
  RejectMessage,
  WorkDoneMessage,
} from "../core/callbacks.ts";
import type { Cloud } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import { decidePause } from "../core/provider-pause.ts";
import { type Failure, isLive, type Task } from "../core/task.ts";
import { type Caller, callBack } from "./call-back.ts";
import { wakeAfter } from "./wake.ts";

const maxFailureCharacters = 300;
const longestQuotaWaitMs = 24 * 60 * 60_000;

/**
 * running → verifying. The commit is known before anything leaves the sandbox. A repetition may come late:
 *
 *   work-done 1 (no answer) ── repeated, taken ── rejected ── running ── the first one arrives: it changes nothing
 */
export async function reportWork(cloud: Cloud, caller: Caller, { round, ...work }: WorkDoneMessage): Promise<Task> {
  return callBack(cloud, caller, (task) =>
    isReported(task, round, work.commit)
      ? { kind: "already_done" }
      : { kind: "change", event: { type: "work_done", ...work } },
  );
}

function isReported({ status, rounds = 0, commit }: Task, round: number | undefined, reported: string): boolean {
  if (round === undefined) return status === "verifying" && commit === reported;
  return isLive(status) && round <= rounds;
}

/**
 * verifying → publishing. This write is the last moment at which a kill prevents the push: after it the push may land,
 * and its outcome is read from the remote. What people have said up to this write is heard: else there is no permit.
 */
export async function grantPermit(
  cloud: Cloud,
  caller: Caller,
  { branch, verdicts, heard = Number.POSITIVE_INFINITY }: PermitMessage,
): Promise<PermitAnswer> {
  const task = await callBack(cloud, caller, (now) =>
    isUnheard(now, heard) || (now.status === "publishing" && now.branch === branch)
      ? { kind: "already_done" }
      : {
          kind: "change",
          event: { type: "permit_granted", permitId: cloud.ids.permit(), branch: ownBranch(now, branch), verdicts },
        },
  );
  if (isUnheard(task, heard)) return { unheard: true };
  if (!task.permitId) throw new Error(`${task.taskId} is publishing without a permit`);
  return { permitId: task.permitId, branch };
}

/** People have said something after the agent has listened for the last time. */
const isUnheard = ({ status, messages = 0 }: Task, heard: number) => status === "verifying" && messages > heard;

/** publishing → completed with the receipt, or verifying → completed when there was nothing to push and nothing to hear. */
export async function completeAttempt(cloud: Cloud, caller: Caller, message: CompleteMessage): Promise<Task> {
  const { heard = Number.POSITIVE_INFINITY, ...result } = { heard: undefined, ...message };
  const task = await callBack(cloud, caller, (now) =>
    now.status === "completed" || isUnheard(now, heard)
      ? { kind: "already_done" }
      : { kind: "change", event: { type: "completed", result } },
  );
  if (task.status === "completed") await wakeAfter(cloud, task);
  return task;
}

/** live → queued or failed, by the class of the failure. */
export async function failAttempt(cloud: Cloud, caller: Caller, failure: Failure): Promise<Task> {
  const message = failure.message.slice(0, maxFailureCharacters).toWellFormed();
  // A provider that names a moment in the far future is asked again before that.
  const latest = cloud.clock.now() + longestQuotaWaitMs;
  const retryAt = failure.retryAt && Math.min(failure.retryAt, latest);
  const task = await callBack(cloud, caller, (now) =>
    now.status === "failed"
      ? { kind: "already_done" }
      : {
          kind: "change",
          event: { type: "attempt_failed", failure: { ...failure, message, ...(retryAt ? { retryAt } : {}) } },
        },
  );
  if (failure.class === "provider_quota" && task.due) await pauseOthers(cloud, task, task.due.at);
  await wakeAfter(cloud, task);
  return task;
}

/** It waits itself as long as it has said; the others that need its provider only as long as one word is worth. */
async function pauseOthers(cloud: Cloud, { taskId, workspace, provider }: Task, retryAt: number): Promise<void> {
  if (!provider) return;
  const last = await cloud.table.getProviderPause(workspace, provider);
  const pause = decidePause(last, { saidBy: taskId, retryAt, now: cloud.clock.now() });
  if (pause) await cloud.table.pauseProvider(workspace, provider, pause);
}

/** verifying or running → running: what the agent made does not do, and it goes on in the same sandbox. */
export async function rejectWork(cloud: Cloud, caller: Caller, message: RejectMessage): Promise<Task> {
  const { rejection: _, round: __, ...rest } = message;
  return callBack(cloud, caller, (task) =>
    isRejected(task, message) ? { kind: "already_done" } : { kind: "change", event: { type: "rejected", ...rest } },
  );
}

/** Late, it must not send back what was made since. */
function isRejected({ status, rejections = 0, rounds = 0 }: Task, { by, rejection, round }: RejectMessage): boolean {
  if (by !== "message") return isLive(status) && rejection <= rejections;
  if (status === "running" && rejection === rejections) return true;
  return isLive(status) && round !== undefined && round < rounds;
}

/** Back to running: the base branch has moved, and the agent must resolve where both changed the same. */
export async function reportConflict(cloud: Cloud, caller: Caller, message: ConflictMessage): Promise<Task> {
  const { conflict, paths } = message;
  return callBack(cloud, caller, (task) =>
    isLive(task.status) && conflict <= (task.conflicts ?? 0)
      ? { kind: "already_done" }
      : { kind: "change", event: { type: "conflicted", paths } },
  );
}

/** A permit is for the task's own branch, with a number behind it where that name was taken. */
function ownBranch(task: Task, branch: string): string {
  const suffix = branch.slice(`drover/${task.taskId}`.length);
  if (branch.startsWith(`drover/${task.taskId}`) && /^(-[1-9]\d?)?$/.test(suffix)) return branch;
  throw new DroverError("invalid_request", `${task.taskId} may push to drover/${task.taskId} only, not to ${branch}.`);
}
