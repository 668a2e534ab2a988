// How is the dispatcher woken? One small SQS message that names a task; losing it costs only time.
import { GetQueueAttributesCommand, SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { WakeUps } from "../core/cloud.ts";

export function openWakeUps(client: SQSClient, queueUrl: string): WakeUps {
  return {
    async send(taskId) {
      await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify({ taskId }) }));
    },
    async probe() {
      await client.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["QueueArn"] }));
    },
  };
}
