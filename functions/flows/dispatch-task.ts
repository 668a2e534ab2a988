// What runs next? Claims the best ready task with a free slot, then launches its sandbox.
import type { Cloud } from "../core/cloud.ts";
import { agentIdOf, type TaskId } from "../core/ids.ts";
import type { Task } from "../core/task.ts";
import { changeTask } from "./change-task.ts";
import { launchAttempt } from "./launch-attempt.ts";

export type Dispatch = { kind: "dispatched"; taskId: TaskId } | { kind: "idle"; reason: string };

const by = "system:dispatcher";
const headLength = 5;
const claimTries = 5;

/**
 * One wake-up starts at most one task: the wake-up says only that there may be work. Its own task is looked at
 * directly, beside the head of the index, because the index lags behind the table.
 */
export async function dispatchTask(cloud: Cloud, wokenFor: TaskId | undefined): Promise<Dispatch> {
  for (let tries = 0; tries < claimTries; tries += 1) {
    const slot = await findFreeSlot(cloud);
    if (slot === undefined) return { kind: "idle", reason: "no slot is free; whoever frees one sends a wake-up" };
    const candidate = await chooseTask(cloud, wokenFor);
    if (!candidate) return { kind: "idle", reason: "no task is ready" };
    const claim = await changeTask(cloud, candidate.taskId, by, () => ({
      event: { type: "claimed", slot, leaseMs: cloud.settings.launchLimitMs },
    }));
    // Refused or taken: another dispatcher was faster, so look again.
    if (claim.kind !== "changed") continue;
    await launchAttempt(cloud, agentIdOf(claim.task.taskId, claim.task.attempt));
    return { kind: "dispatched", taskId: claim.task.taskId };
  }
  return { kind: "idle", reason: "other dispatchers took every task that was tried" };
}

/** A free one by chance: two dispatchers that both took the first would meet. The write decides. */
async function findFreeSlot(cloud: Cloud): Promise<number | undefined> {
  const held = new Set((await cloud.table.heldSlots()).map(({ slot }) => slot));
  const free = Array.from({ length: cloud.settings.slots }, (_, slot) => slot).filter((slot) => !held.has(slot));
  return free[Math.floor(cloud.ids.random() * free.length)];
}

async function chooseTask(cloud: Cloud, wokenFor: TaskId | undefined): Promise<Task | undefined> {
  const ids = new Set<TaskId>(wokenFor ? [wokenFor] : []);
  for (const workspace of await cloud.table.listWorkspaces()) {
    for (const id of await cloud.table.readyHead(workspace, headLength)) ids.add(id);
  }
  const tasks = await Promise.all([...ids].map((id) => cloud.table.getTask(id)));
  return tasks
    .filter((task) => task?.status === "queued" && task.due === undefined)
    .sort((a, b) => (a && b ? b.priority - a.priority || a.createdAt - b.createdAt : 0))
    .at(0);
}
