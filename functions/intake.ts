// Entry point: the intake function. Each message of the public queue is a task request with an idempotency key.
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { cloudOfThisProcess } from "./cloud.ts";
import { answerIntake } from "./flows/answer-intake.ts";

export async function handler({ Records }: SQSEvent): Promise<SQSBatchResponse> {
  return answerIntake(await cloudOfThisProcess(), Records);
}
