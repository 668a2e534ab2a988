// How is the sender of notices woken? By small SQS messages that name a task or a delivery.
import { SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { NoticeMessage, NoticeQueue } from "../core/notices.ts";

const batchSize = 10;

export function openNoticeQueue(client: SQSClient, queueUrl: string): NoticeQueue {
  async function sendBatch(messages: readonly NoticeMessage[], delaySeconds: number): Promise<void> {
    const Entries = messages.map((message, index) => ({
      Id: String(index),
      MessageBody: JSON.stringify(message),
      DelaySeconds: delaySeconds,
    }));
    const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    const [first] = Failed;
    if (first) throw new Error(`SQS refused ${Failed.length} of ${messages.length} messages: ${first.Code}`);
  }

  return {
    async send(messages, delaySeconds = 0) {
      for (let i = 0; i < messages.length; i += batchSize) {
        await sendBatch(messages.slice(i, i + batchSize), delaySeconds);
      }
    },
  };
}
