// Whose time to wait is over? Delays and retries apart from what is held for a pool, so that neither hides the other.
import type { Cloud } from "../core/cloud.ts";
import type { TaskId } from "../core/ids.ts";
import { wake } from "./wake.ts";

const batch = 50;
/** By time, not by number: a tenant whose delays end by the thousand holds up nobody's retry. */
const roundMs = 20_000;

export const promoteWaiting = (cloud: Cloud) => promote(cloud, "ready");
export const promoteHeld = (cloud: Cloud) => promote(cloud, "held");

/** No more are woken than there are free slots: the others would find none, and whoever frees one wakes the next. */
async function promote(cloud: Cloud, kind: "ready" | "held"): Promise<void> {
  const deadline = cloud.clock.now() + roundMs;
  let free: number | undefined;
  while (cloud.clock.now() <= deadline) {
    const taskIds = await cloud.table.dueTasks(kind, cloud.clock.now(), batch);
    const isPromoted = await Promise.all(taskIds.map((taskId) => promoteOne(cloud, taskId, kind)));
    const promoted = taskIds.filter((_, n) => isPromoted[n]);
    for (const taskId of promoted) {
      free ??= cloud.settings.limits.global - (await cloud.table.heldSlots("global")).length;
      if (free > 0) await wake(cloud, taskId);
      free -= 1;
    }
    // Of a full batch nothing was left to promote: the index lags, and would show the same again.
    if (taskIds.length < batch || promoted.length === 0) return;
  }
}

/** One that fails does not keep the others from theirs. */
async function promoteOne(cloud: Cloud, taskId: TaskId, kind: "ready" | "held"): Promise<boolean> {
  try {
    const task = await cloud.table.getTask(taskId);
    if (task?.due?.kind !== kind || task.due.at > cloud.clock.now()) return false;
    await cloud.table.makeReady(task);
    return true;
  } catch (error) {
    console.error(`reaper: ${taskId} was not made ready; it is looked at again in the next round`, error);
    return false;
  }
}
