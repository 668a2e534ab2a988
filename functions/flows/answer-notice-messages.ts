// Messages about notices have come: each names an ended task to tell of, a delivery to try, or a pull request to open.
import type { Cloud } from "../core/cloud.ts";
import { isTaskId } from "../core/ids.ts";
import { isDeliveryId } from "../core/notices.ts";
import { answerEach, type BatchAnswer, type QueueMessage } from "./answer-each.ts";
import { deliverNotice } from "./deliver-notice.ts";
import { openPullRequest } from "./open-pull-request.ts";
import { spreadNotice } from "./spread-notice.ts";

export function answerNoticeMessages(cloud: Cloud, messages: readonly QueueMessage[]): Promise<BatchAnswer> {
  return answerEach("notice message", messages, async ({ body }) => {
    await act(cloud, body);
    return "done";
  });
}

/** Throws on anything else: after its last delivery such a message ends in the dead-letter queue. */
async function act(cloud: Cloud, body: string): Promise<unknown> {
  const { taskId, deliveryId, pullRequestOf } = JSON.parse(body) as Record<string, unknown>;
  if (typeof taskId === "string" && isTaskId(taskId)) return spreadNotice(cloud, taskId);
  if (typeof deliveryId === "string" && isDeliveryId(deliveryId)) return deliverNotice(cloud, deliveryId);
  if (typeof pullRequestOf === "string" && isTaskId(pullRequestOf)) return openPullRequest(cloud, pullRequestOf);
  throw new Error("it names neither a task nor a delivery");
}
