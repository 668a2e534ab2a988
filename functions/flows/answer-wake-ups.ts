// Wake-ups have come: each starts at most one task.
import type { Cloud } from "../core/cloud.ts";
import { isTaskId, type TaskId } from "../core/ids.ts";
import { answerEach, type BatchAnswer, type QueueMessage } from "./answer-each.ts";
import { dispatchTask } from "./dispatch-task.ts";

export function answerWakeUps(cloud: Cloud, messages: readonly QueueMessage[]): Promise<BatchAnswer> {
  return answerEach("wake-up", messages, async ({ body }) => {
    await dispatchTask(cloud, parseWakeUp(body));
    return "done";
  });
}

/** Throws on a body that is no wake-up: after its last delivery the message ends in the dead-letter queue. */
function parseWakeUp(body: string): TaskId {
  const { taskId } = JSON.parse(body) as { taskId?: unknown };
  if (typeof taskId === "string" && isTaskId(taskId)) return taskId;
  throw new Error("a message of the queue names no task");
}
