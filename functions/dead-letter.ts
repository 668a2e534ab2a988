// Entry point: wake-ups that failed at every delivery.
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { isServiceFailure } from "./aws/service-failure.ts";
import { cloudOfThisProcess } from "./cloud.ts";
import { buryWakeUps } from "./flows/bury-wake-up.ts";

export async function handler({ Records }: SQSEvent): Promise<SQSBatchResponse> {
  return buryWakeUps(await cloudOfThisProcess(), Records, isServiceFailure);
}
