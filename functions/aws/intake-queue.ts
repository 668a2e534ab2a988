// How does the intake give a message back, or up?
import { ChangeMessageVisibilityCommand, SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { Intake } from "../core/intake.ts";

export interface IntakeSettings extends Pick<Intake, "workspace" | "principal" | "maxReceives"> {
  queueUrl: string;
  deadQueueUrl: string;
}

export function openIntake(client: SQSClient, { queueUrl, deadQueueUrl, ...binding }: IntakeSettings): Intake {
  return {
    ...binding,
    async bury({ body, messageId }, reason) {
      const text = (StringValue: string) => ({ DataType: "String", StringValue });
      await client.send(
        new SendMessageCommand({
          QueueUrl: deadQueueUrl,
          MessageBody: body,
          MessageAttributes: { reason: text(reason), messageId: text(messageId) },
        }),
      );
    },
    async postpone({ receiptHandle }, delaySeconds) {
      await client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: queueUrl,
          ReceiptHandle: receiptHandle,
          VisibilityTimeout: delaySeconds,
        }),
      );
    },
  };
}
