// Entry point: the notify function. A message names an ended task to tell of, a delivery to try, a pull request to open.
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { z } from "zod";
import { cloudOfThisProcess } from "./cloud.ts";
import type { Cloud } from "./core/cloud.ts";
import { isTaskId } from "./core/ids.ts";
import { isDeliveryId } from "./core/notices.ts";
import { deliverNotice } from "./flows/deliver-notice.ts";
import { openPullRequest } from "./flows/open-pull-request.ts";
import { spreadNotice } from "./flows/spread-notice.ts";

const message = z.object({
  taskId: z.string().optional(),
  deliveryId: z.string().optional(),
  pullRequestOf: z.string().optional(),
});

export async function handler(event: SQSEvent): Promise<SQSBatchResponse> {
  const cloud = await cloudOfThisProcess();
  const batchItemFailures: SQSBatchResponse["batchItemFailures"] = [];
  for (const record of event.Records) {
    try {
      await act(cloud, record.body);
    } catch (error) {
      console.error(`notice message ${record.messageId} failed; it will be delivered again`, error);
      batchItemFailures.push({ itemIdentifier: record.messageId });
    }
  }
  return { batchItemFailures };
}

/** Throws on anything else: after its last delivery such a message ends in the dead-letter queue. */
async function act(cloud: Cloud, body: string): Promise<unknown> {
  const { taskId, deliveryId, pullRequestOf } = message.parse(JSON.parse(body));
  if (taskId !== undefined && isTaskId(taskId)) return spreadNotice(cloud, taskId);
  if (deliveryId !== undefined && isDeliveryId(deliveryId)) return deliverNotice(cloud, deliveryId);
  if (pullRequestOf !== undefined && isTaskId(pullRequestOf)) return openPullRequest(cloud, pullRequestOf);
  throw new Error("it names neither a task nor a delivery");
}
