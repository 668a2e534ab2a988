// How does the intake give a message back, or up?
import {
  ChangeMessageVisibilityCommand,
  type MessageAttributeValue,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { Intake } from "../core/intake.ts";

export interface IntakeSettings extends Pick<Intake, "workspace" | "principal" | "maxReceives"> {
  queueUrl: string;
  deadQueueUrl: string;
}

/** A queue of a stage holds messages of 256 KiB, their attributes included; one made elsewhere may hold larger ones. */
const keptBytes = 248 * 1024;

/** What is too large to lie there with its reason loses its end, and says how long it was; the act about it has its hash. */
function cut(body: string): { MessageBody: string; bytes?: number } {
  const bytes = Buffer.from(body);
  if (bytes.length <= keptBytes) return { MessageBody: body };
  // To be continued, so that no half of a character stands at the end.
  const MessageBody = new TextDecoder().decode(bytes.subarray(0, keptBytes), { stream: true });
  return { MessageBody, bytes: bytes.length };
}

export function openIntake(client: SQSClient, { queueUrl, deadQueueUrl, ...binding }: IntakeSettings): Intake {
  return {
    ...binding,
    async bury({ body, messageId }, reason) {
      const text = (StringValue: string) => ({ DataType: "String", StringValue });
      const { MessageBody, bytes } = cut(body);
      const MessageAttributes: Record<string, MessageAttributeValue> = {
        ...{ reason: text(reason), messageId: text(messageId) },
        ...(bytes === undefined ? {} : { cutFrom: { DataType: "Number", StringValue: String(bytes) } }),
      };
      await client.send(new SendMessageCommand({ QueueUrl: deadQueueUrl, MessageBody, MessageAttributes }));
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
