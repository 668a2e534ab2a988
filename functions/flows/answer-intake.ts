// Task requests have come through the public queue: each becomes a task, is refused for good, or comes again.
import type { Cloud } from "../core/cloud.ts";
import { answerEach, type BatchAnswer, type QueueMessage } from "./answer-each.ts";
import { takeIn } from "./take-in.ts";

interface IntakeRecord extends QueueMessage {
  receiptHandle: string;
  attributes: { ApproximateReceiveCount: string };
}

export async function answerIntake(cloud: Cloud, records: readonly IntakeRecord[]): Promise<BatchAnswer> {
  const { intake } = cloud;
  if (!intake) throw new Error("The intake queue is bound to no workspace: set the DROVER_INTAKE_… variables.");
  return answerEach("intake message", records, async ({ messageId, receiptHandle, body, attributes }) => {
    const receives = Number(attributes.ApproximateReceiveCount);
    const taken = await takeIn(cloud, intake, { messageId, receiptHandle, body, receives });
    if (taken.kind !== "later") return "done";
    console.warn(`intake message ${messageId} is taken up again later: ${taken.reason}`);
    return "again";
  });
}
