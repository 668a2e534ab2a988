// Messages about notices have come: each names an ended task to tell of, a delivery to try, or a pull request to open.
import * as z from "zod";
import type { Cloud } from "../core/cloud.ts";
import { isTaskId } from "../core/ids.ts";
import { isDeliveryId } from "../core/notices.ts";
import { answerEach, type BatchAnswer, type QueueMessage } from "./answer-each.ts";
import { deliverNotice } from "./deliver-notice.ts";
import { openPullRequest } from "./open-pull-request.ts";
import { spreadNotice } from "./spread-notice.ts";

const message = z.object({
  taskId: z.string().optional(),
  deliveryId: z.string().optional(),
  pullRequestOf: z.string().optional(),
});

export function answerNoticeMessages(cloud: Cloud, messages: readonly QueueMessage[]): Promise<BatchAnswer> {
  return answerEach("notice message", messages, async ({ body }) => {
    await act(cloud, body);
    return "done";
  });
}

/** Throws on anything else: after its last delivery such a message ends in the dead-letter queue. */
async function act(cloud: Cloud, body: string): Promise<unknown> {
  const { taskId, deliveryId, pullRequestOf } = message.parse(JSON.parse(body));
  if (taskId !== undefined && isTaskId(taskId)) return spreadNotice(cloud, taskId);
  if (deliveryId !== undefined && isDeliveryId(deliveryId)) return deliverNotice(cloud, deliveryId);
  if (pullRequestOf !== undefined && isTaskId(pullRequestOf)) return openPullRequest(cloud, pullRequestOf);
  throw new Error("it names neither a task nor a delivery");
}
