// Entry point: wake-ups that failed at every delivery.
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { isServiceFailure } from "./aws/service-failure.ts";
import { cloudOfThisProcess } from "./cloud.ts";
import { buryWakeUp } from "./flows/bury-wake-up.ts";

export async function handler(event: SQSEvent): Promise<SQSBatchResponse> {
  const cloud = await cloudOfThisProcess();
  const batchItemFailures: SQSBatchResponse["batchItemFailures"] = [];
  for (const record of event.Records) {
    try {
      await buryWakeUp(cloud, record.body, isServiceFailure);
    } catch (error) {
      console.error(`dead wake-up ${record.messageId} stays for now`, error);
      batchItemFailures.push({ itemIdentifier: record.messageId });
    }
  }
  return { batchItemFailures };
}
