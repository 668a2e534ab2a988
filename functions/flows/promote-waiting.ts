// Whose time to wait is over? Delays and retries apart from what is held for a pool, so that neither hides the other.
import type { Cloud } from "../core/cloud.ts";
import type { TaskId } from "../core/ids.ts";
import type { WaitingKind } from "../core/table.ts";
import { behindNeighbours } from "../core/waiting-order.ts";
import { wake } from "./wake.ts";

const batch = 50;

export const promoteWaiting = (cloud: Cloud, _: unknown, deadline: number) => promote(cloud, "ready", deadline);
export const promoteHeld = (cloud: Cloud, _: unknown, deadline: number) => promote(cloud, "held", deadline);

/**
 * In turn: of a full page the rest of its last workspace is left, until all the others have had a page of theirs. However
 * many tasks of one fall due together, those of another come behind a page of them. While all that is due fits in a page
 * it is one request.
 *
 * By time, not by number: whoever waits by the thousand does not come to the end in one round.
 *
 * No more are woken than there are free slots: the others would find none, and whoever frees one wakes the next.
 */
async function promote(cloud: Cloud, kind: WaitingKind, deadline: number): Promise<void> {
  let free: number | undefined;
  let after = "";
  let ofThisPass = 0;
  while (cloud.clock.now() <= deadline) {
    const now = cloud.clock.now();
    const page = await cloud.table.waitingAfter(kind, after, now, batch);
    const due = page.filter(({ at }) => at <= now);
    const isPromoted = await Promise.all(due.map(({ taskId }) => promoteOne(cloud, taskId, kind)));
    const promoted = due.flatMap(({ taskId }, n) => (isPromoted[n] ? taskId : []));
    for (const taskId of promoted) {
      free ??= cloud.settings.limits.global - (await cloud.table.heldSlots("global")).length;
      if (free > 0) await wake(cloud, taskId);
      free -= 1;
    }
    ofThisPass += promoted.length;
    const last = page.length === batch ? page.at(-1) : undefined;
    // In a pass in which nothing was left to promote the index lagged, and would show the same again.
    if (!last && (after === "" || ofThisPass === 0)) return;
    if (!last) ofThisPass = 0;
    after = last ? behindNeighbours(last.position) : "";
  }
}

/** One that fails does not keep the others from theirs. */
async function promoteOne(cloud: Cloud, taskId: TaskId, kind: WaitingKind): Promise<boolean> {
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
