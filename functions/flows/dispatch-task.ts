// What happens on a wake-up? The task that should run next is claimed and its sandbox launched.
import type { Cloud } from "../core/cloud.ts";
import { hasCode } from "../core/errors.ts";
import { agentIdOf, type TaskId } from "../core/ids.ts";
import type { Task } from "../core/task.ts";
import { changeTask } from "./change-task.ts";
import { chooseTask } from "./choose-task.ts";
import { killFenced } from "./kill-task.ts";
import { launchAttempt, leaveLaunch, recoverLaunch } from "./launch-attempt.ts";
import { isSound } from "./sound-tasks.ts";

export type Dispatch = { kind: "dispatched"; taskId: TaskId } | { kind: "idle"; reason: string };

const by = "system:dispatcher";
const tries = 5;
/** The others are met by the stop itself. */
const endedBehind = 5;

/** One wake-up starts at most one task: it says only that there may be work. What can never run is ended behind that. */
export async function dispatchTask(cloud: Cloud, wokenFor: TaskId | undefined): Promise<Dispatch> {
  const fenced = new Map<TaskId, Task>();
  const dispatch = await launchNext(cloud, wokenFor, fenced);
  for (const task of [...fenced.values()].slice(0, endedBehind)) await endFenced(cloud, task, wokenFor);
  return dispatch;
}

/** `fenced` takes up what was met on the way and a stop covers. */
async function launchNext(cloud: Cloud, wokenFor: TaskId | undefined, fenced: Map<TaskId, Task>): Promise<Dispatch> {
  for (let n = 0; n < tries; n += 1) {
    const found = wokenFor && (await cloud.table.getTask(wokenFor));
    const woken = found && isSound(found) ? found : undefined;
    if (n === 0 && woken?.status === "launching") await resumeLaunch(cloud, woken);
    const choice = await chooseTask(cloud, woken);
    for (const task of choice.fenced) fenced.set(task.taskId, task);
    // Its wake-up must not vanish: one that fails at every delivery is looked into, and its task given up.
    if (choice.kind === "none" && found && !woken) throw new Error(`${wokenFor} cannot be dispatched`);
    if (choice.kind === "none") return { kind: "idle", reason: choice.reason };
    const { slots } = choice;
    const leaseMs = cloud.settings.launchLimitMs;
    const claim = await changeTask(
      cloud,
      choice.task.taskId,
      by,
      (task) => {
        const moved = task.due !== undefined || task.status !== "queued";
        if (moved) return { kind: "refused", code: "illegal_transition", reason: "it is not ready any more" };
        return { event: { type: "claimed", slots, leaseMs } };
      },
      { fenced: true, asRead: choice.task },
    );
    // Refused, fenced or a slot taken: another dispatcher or a stop was faster, so look again.
    if (claim.kind !== "changed") continue;
    const { taskId, attempt, backend, updatedAt } = claim.task;
    await launchAttempt(cloud, { agentId: agentIdOf(taskId, attempt), backend, claimedAt: updatedAt });
    return { kind: "dispatched", taskId };
  }
  return { kind: "idle", reason: "others took every task that was tried" };
}

/** One that fails does not fail the wake-up of another: that might be given up for it. Its stop tries again. */
async function endFenced(cloud: Cloud, task: Task, wokenFor: TaskId | undefined): Promise<void> {
  try {
    await killFenced(cloud, task);
  } catch (error) {
    if (task.taskId === wokenFor) throw error;
    console.warn(`${task.taskId} could not be killed yet; nothing of it is accepted any more`, error);
  }
}

/** A wake-up that comes again because its first dispatcher died between the claim and the launch. */
async function resumeLaunch(cloud: Cloud, { taskId, attempt: number }: Task): Promise<void> {
  const attempt = await cloud.table.getAttempt(agentIdOf(taskId, number));
  if (attempt?.state !== "spawning" || attempt.sandboxArn) return;
  await recoverLaunch(cloud, attempt).catch(async (error: unknown) => {
    if (!hasCode(error, "backend_unavailable") || !(await leaveLaunch(cloud, attempt))) throw error;
  });
}
