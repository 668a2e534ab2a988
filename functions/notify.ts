// Entry point: the notify function. A message names an ended task to tell of, a delivery to try, a pull request to open.
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { cloudOfThisProcess } from "./cloud.ts";
import { answerNoticeMessages } from "./flows/answer-notice-messages.ts";

export async function handler({ Records }: SQSEvent): Promise<SQSBatchResponse> {
  return answerNoticeMessages(await cloudOfThisProcess(), Records);
}
