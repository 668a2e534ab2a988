// Which tasks of a workspace have waited too long? The oldest are looked at; what is behind them is younger still.
import type { Cloud } from "../core/cloud.ts";
import type { Task } from "../core/task.ts";
import { changeTask } from "./change-task.ts";
import { isSound } from "./sound-tasks.ts";

const pageSize = 20;
/** Tasks with a long delay may stand before one that has waited too long; so many pages of them are passed over. */
const pagesARound = 50;

export async function expireOldest(cloud: Cloud, workspace: string): Promise<void> {
  const { maxQueueAgeMs } = cloud.settings;
  let after: Task["taskId"] | undefined;
  for (let n = 0; n < pagesARound; n += 1) {
    const page = await cloud.table.oldestQueued(workspace, pageSize, after);
    for (const task of page) {
      try {
        await expireTask(cloud, task);
      } catch (error) {
        console.error(`reaper: ${task.taskId} did not expire; it is looked at again in the next round`, error);
      }
    }
    const last = page.at(-1);
    if (!last || cloud.clock.now() - last.createdAt < maxQueueAgeMs) return;
    after = last.taskId;
  }
}

async function expireTask(cloud: Cloud, task: Task): Promise<void> {
  if (!isSound(task)) return;
  const { maxQueueAgeMs } = cloud.settings;
  const now = cloud.clock.now();
  const ageMs = now - (task.allowedAt ?? task.createdAt);
  const isDelayed = task.due?.kind === "ready" && task.due.at > now;
  if (task.status !== "queued" || isDelayed || ageMs < maxQueueAgeMs) return;
  const why = `It has waited ${ageMs} ms since it was allowed to run, and may wait ${maxQueueAgeMs} ms.`;
  await changeTask(cloud, task.taskId, "system:reaper", () => ({ event: { type: "expired", why } }));
}
