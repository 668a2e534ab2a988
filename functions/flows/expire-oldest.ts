// Which tasks of a workspace have waited too long? The oldest are looked at; what is behind them is younger still.
import type { Cloud } from "../core/cloud.ts";
import type { Switches } from "../core/switches.ts";
import type { Task } from "../core/task.ts";
import { changeTask } from "./change-task.ts";
import { isSound } from "./sound-tasks.ts";

const pageSize = 20;
/** Tasks with a long delay may stand before one that has waited too long; so many pages of them are passed over. */
const pagesARound = 50;

type ReadSwitches = (task: Task) => Promise<Switches>;

export async function expireOldest(
  cloud: Cloud,
  workspace: string,
  readSwitches: ReadSwitches = (task) => cloud.table.getSwitches(task),
): Promise<void> {
  const { maxQueueAgeMs } = cloud.settings;
  let after: Task["taskId"] | undefined;
  for (let n = 0; n < pagesARound; n += 1) {
    const page = await cloud.table.oldestQueued(workspace, pageSize, after);
    for (const task of page) {
      try {
        if ((await expireTask(cloud, task, readSwitches)) === "all_paused") return;
      } catch (error) {
        console.error(`reaper: ${task.taskId} did not expire; it is looked at again in the next round`, error);
      }
    }
    const last = page.at(-1);
    if (!last || cloud.clock.now() - last.createdAt < maxQueueAgeMs) return;
    after = last.taskId;
  }
}

/** A pause keeps everybody waiting, so the time counts anew from when it is over: from the last turn of a switch. */
async function expireTask(cloud: Cloud, task: Task, readSwitches: ReadSwitches): Promise<"all_paused" | undefined> {
  if (!isSound(task)) return;
  const { maxQueueAgeMs } = cloud.settings;
  const now = cloud.clock.now();
  const allowedAt = task.allowedAt ?? task.createdAt;
  const isDelayed = task.due?.kind === "ready" && task.due.at > now;
  if (task.status !== "queued" || isDelayed || now - allowedAt < maxQueueAgeMs) return;
  const switches = await readSwitches(task);
  if (switches.global.paused || switches.workspace.paused) return "all_paused";
  const ageMs = now - Math.max(allowedAt, ...Object.values(switches).map(({ at = 0 }) => at));
  if (switches.backend.paused || ageMs < maxQueueAgeMs) return;
  const why = `It has waited ${ageMs} ms since it was allowed to run, and may wait ${maxQueueAgeMs} ms.`;
  await changeTask(cloud, task.taskId, "system:reaper", () => ({ event: { type: "expired", why } }));
}
