// How does somebody tell the dispatcher that there may be work? By a message whose loss only costs time.
import type { Cloud } from "../core/cloud.ts";
import type { TaskId } from "../core/ids.ts";

/** Never fails the caller: the task is in the table, and the reaper sends the wake-up again. */
export async function wake(cloud: Cloud, taskId: TaskId): Promise<void> {
  try {
    await cloud.wakeUps.send(taskId);
  } catch (error) {
    console.warn(`wake-up for ${taskId} was not sent; the reaper will send it`, error);
  }
}
