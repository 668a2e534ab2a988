// How does the sender of notices hear that there is something to send? By messages whose loss only costs time.
import type { Cloud } from "../core/cloud.ts";
import type { NoticeMessage, OwedKey } from "../core/notices.ts";
import type { Task } from "../core/task.ts";

/** SQS holds a message back no longer; what is due later is left to the reaper. */
const longestDelayMs = 900_000;

/**
 * After a task's end has committed, or what is overdue of it. Never fails the caller: that is in the outbox, and the reaper looks there. Where
 * nobody waits to be told, no message has to find that out.
 */
export async function announceEnd(cloud: Cloud, task: Task): Promise<void> {
  try {
    if (await isAwaited(cloud, task)) await sendMessages(cloud, [{ taskId: task.taskId }]);
    else await cloud.notices.clearOwed(owedOf(task));
  } catch (error) {
    console.warn(
      `whether anybody waits for the end of ${task.taskId} was not found out; the reaper will see to it`,
      error,
    );
  }
}

/** By its last event. */
const owedOf = ({ taskId, lastEventId, outcomeOverdue }: Task): OwedKey => ({
  taskId,
  eventId: lastEventId,
  ...(outcomeOverdue ? { overdue: true } : {}),
});

/** Whoever is added after this was not there at the end. */
async function isAwaited({ notices, outcomeBus }: Cloud, { workspace, issue, due }: Task): Promise<boolean> {
  if (outcomeBus || issue || due?.kind === "pull_request") return true;
  return (await notices.listWebhooks(workspace)).length > 0;
}

/** Never fails the caller: what is said stands in the table, and the reaper says it again. Answers whether it was sent. */
export async function sendMessages(cloud: Cloud, messages: readonly NoticeMessage[], delayMs = 0): Promise<boolean> {
  if (messages.length === 0 || delayMs > longestDelayMs) return false;
  try {
    await cloud.noticeQueue.send(messages, Math.ceil(Math.max(0, delayMs) / 1000));
    return true;
  } catch (error) {
    console.warn(`${messages.length} message(s) about notices were not sent; the reaper will send them`, error);
    return false;
  }
}
