// Entry point: the intake function. Each message of the public queue is a task request with an idempotency key.
import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { cloudOfThisProcess } from "./cloud.ts";
import type { IntakeMessage } from "./core/intake.ts";
import { takeIn } from "./flows/take-in.ts";

export async function handler(event: SQSEvent): Promise<SQSBatchResponse> {
  const cloud = await cloudOfThisProcess();
  const { intake } = cloud;
  if (!intake) throw new Error("The intake queue is bound to no workspace: set the DROVER_INTAKE_… variables.");
  const batchItemFailures: SQSBatchResponse["batchItemFailures"] = [];
  for (const record of event.Records) {
    const { messageId } = record;
    try {
      const taken = await takeIn(cloud, intake, toMessage(record));
      if (taken.kind !== "later") continue;
      console.warn(`intake message ${messageId} is taken up again later: ${taken.reason}`);
    } catch (error) {
      console.error(`intake message ${messageId} failed; it will be delivered again`, error);
    }
    batchItemFailures.push({ itemIdentifier: messageId });
  }
  return { batchItemFailures };
}

const toMessage = ({ messageId, receiptHandle, body, attributes }: SQSRecord): IntakeMessage => ({
  messageId,
  receiptHandle,
  body,
  receives: Number(attributes.ApproximateReceiveCount),
});
