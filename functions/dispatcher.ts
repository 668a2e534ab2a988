// Entry point: the dispatcher function. Each message is a wake-up; one that fails is delivered again.
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { z } from "zod";
import { cloudOfThisProcess } from "./cloud.ts";
import { isTaskId, type TaskId } from "./core/ids.ts";
import { dispatchTask } from "./flows/dispatch-task.ts";

const wakeUp = z.object({ taskId: z.string().refine(isTaskId) });

export async function handler(event: SQSEvent): Promise<SQSBatchResponse> {
  const cloud = await cloudOfThisProcess();
  const batchItemFailures: SQSBatchResponse["batchItemFailures"] = [];
  for (const record of event.Records) {
    try {
      await dispatchTask(cloud, parseWakeUp(record.body));
    } catch (error) {
      console.error(`wake-up ${record.messageId} failed; it will be delivered again`, error);
      batchItemFailures.push({ itemIdentifier: record.messageId });
    }
  }
  return { batchItemFailures };
}

/** Throws on a body that is no wake-up: after its last delivery the message ends in the dead-letter queue. */
function parseWakeUp(body: string): TaskId {
  return wakeUp.parse(JSON.parse(body)).taskId as TaskId;
}
