// How does the sender of notices hear that there is something to send? By messages whose loss only costs time.
import type { Cloud } from "../core/cloud.ts";
import type { TaskId } from "../core/ids.ts";
import type { NoticeMessage } from "../core/notices.ts";

/** SQS holds a message back no longer; what is due later is left to the reaper. */
const longestDelayMs = 900_000;

/** After a task's end has committed. Never fails the caller: the end is in the outbox, and the reaper looks there. */
export const announceEnd = (cloud: Cloud, taskId: TaskId): Promise<void> => sendMessages(cloud, [{ taskId }]);

export async function sendMessages(cloud: Cloud, messages: readonly NoticeMessage[], delayMs = 0): Promise<void> {
  if (messages.length === 0 || delayMs > longestDelayMs) return;
  try {
    await cloud.noticeQueue.send(messages, Math.ceil(Math.max(0, delayMs) / 1000));
  } catch (error) {
    console.warn(`${messages.length} message(s) about notices were not sent; the reaper will send them`, error);
  }
}
