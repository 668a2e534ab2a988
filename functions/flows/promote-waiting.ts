// Whose time to wait is over? Delays and retries apart from what is held for a pool, so that neither hides the other.
import type { Cloud } from "../core/cloud.ts";
import type { TaskId } from "../core/ids.ts";
import type { WaitingKind } from "../core/table.ts";
import { behindNeighbours } from "../core/waiting-order.ts";
import { beginLook, fullHoldMs, isPoolFull, type Look } from "./consider-task.ts";
import type { Round, Step } from "./round.ts";
import { wake } from "./wake.ts";

const batch = 50;
/** Of the tasks whose pool stays full a page is looked at again after one hold, the next one after two, up to so many. */
const mostHolds = 10;

export const promoteWaiting: Step = (cloud, round, deadline) => promote(cloud, round, "ready", deadline);
export const promoteHeld: Step = (cloud, round, deadline) => promote(cloud, round, "held", deadline);

/**
 * In turn: of a full page the rest of its last workspace is left, until all the others have had a page of theirs. However
 * many tasks of one fall due together, those of another come behind a page of them. While all that is due fits in a page
 * it is one request.
 *
 * By time, not by number: whoever waits by the thousand does not come to the end in one round.
 *
 * No more are woken than there are free slots: the others would find none, and whoever frees one wakes the next.
 */
async function promote(cloud: Cloud, { woken }: Round, kind: WaitingKind, deadline: number): Promise<void> {
  const look = beginLook(cloud);
  let free: number | undefined;
  let after = "";
  let ofThisPass = 0;
  let renewed = 0;
  while (cloud.clock.now() <= deadline) {
    const now = cloud.clock.now();
    const page = await cloud.table.waitingAfter(kind, after, now, batch);
    const due = page.filter(({ at }) => at <= now);
    const until = now + fullHoldMs * (1 + (Math.floor(renewed / batch) % mostHolds));
    const outcomes = await Promise.all(due.map(({ taskId }) => goOn(cloud, look, taskId, kind, until)));
    const promoted = due.flatMap(({ taskId }, n) => (outcomes[n] === "ready" ? taskId : []));
    for (const taskId of promoted) {
      free ??= cloud.settings.limits.global - (await cloud.table.heldSlots("global")).length;
      // What is ready and was not told is told at the end of the round, or in the next one.
      if (free > 0 && cloud.clock.now() <= deadline && (await wake(cloud, taskId))) woken.add(taskId);
      free -= 1;
    }
    renewed += outcomes.filter((outcome) => outcome === "held").length;
    ofThisPass += outcomes.filter((outcome) => outcome !== "left").length;
    const last = page.length === batch ? page.at(-1) : undefined;
    // In a pass in which nothing was left to do the index lagged, and would show the same again.
    if (!last && (after === "" || ofThisPass === 0)) return;
    if (!last) ofThisPass = 0;
    after = last ? behindNeighbours(last.position) : "";
  }
}

type Outcome = "ready" | "held" | "left";

/**
 * A task whose pool is still full waits on, until `heldUntil`: with the others of its queue it would hide those that may
 * run. One that fails does not keep the others from theirs.
 */
async function goOn(cloud: Cloud, look: Look, taskId: TaskId, kind: WaitingKind, heldUntil: number): Promise<Outcome> {
  try {
    const task = await cloud.table.getTask(taskId);
    if (task?.due?.kind !== kind || task.due.at > cloud.clock.now()) return "left";
    const isHeld = task.due.kind === "held" && (await isPoolFull(cloud, look, task, task.due.pool));
    if (isHeld) await cloud.table.postpone(task, heldUntil);
    else await cloud.table.makeReady(task);
    return isHeld ? "held" : "ready";
  } catch (error) {
    console.error(`reaper: ${taskId} was not made ready; it is looked at again in the next round`, error);
    return "left";
  }
}
