// How does somebody tell the dispatcher that there may be work? By a message whose loss only costs time.
import type { Cloud } from "../core/cloud.ts";
import type { TaskId } from "../core/ids.ts";
import { backendPool, repositoryPool } from "../core/slots.ts";
import type { Task } from "../core/task.ts";

/** Never fails the caller: the task is in the table, and the reaper sends the wake-up again. */
export async function wake(cloud: Cloud, taskId: TaskId): Promise<void> {
  try {
    await cloud.wakeUps.send(taskId);
  } catch (error) {
    console.warn(`wake-up for ${taskId} was not sent; the reaper will send it`, error);
  }
}

/**
 * After an attempt has ended: its slots are free, and somebody may have waited for just these. Never fails the caller;
 * what is not done here, the reaper does.
 */
export async function wakeAfter(cloud: Cloud, ended: Task): Promise<void> {
  try {
    await letGo(cloud, backendPool(ended.backend), 1);
    if (cloud.settings.limits.repository) await letGo(cloud, repositoryPool(ended.repositoryKey), 1);
  } catch (error) {
    console.warn(`what waited for the slots of ${ended.taskId} was not let go yet`, error);
  }
  await wake(cloud, ended.taskId);
}

/** The first tasks that wait for a pool may be chosen again. */
export async function letGo(cloud: Cloud, pool: string, count: number): Promise<void> {
  for (const taskId of await cloud.table.heldBackHead(pool, count)) {
    const task = await cloud.table.getTask(taskId);
    if (task?.status !== "queued") continue;
    await cloud.table.makeReady(task);
    await wake(cloud, taskId);
  }
}
