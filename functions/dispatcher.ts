// Entry point: the dispatcher function. Each message is a wake-up; one that fails is delivered again.
import "./aws/sandboxes.ts"; // Needed at once, so it is loaded at once.
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { cloudOfThisProcess } from "./cloud.ts";
import { answerWakeUps } from "./flows/answer-wake-ups.ts";

export async function handler({ Records }: SQSEvent): Promise<SQSBatchResponse> {
  return answerWakeUps(await cloudOfThisProcess(), Records);
}
