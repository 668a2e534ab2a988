// How is SQS reached? Loaded by the first message that is sent: many a process only takes messages, which Lambda hands over.
import { SQSClient, type SQSClientConfig } from "@aws-sdk/client-sqs";
import { spared } from "./request-limits.ts";

export const openQueueClient = (logger: NonNullable<SQSClientConfig["logger"]>, tryMs: number): SQSClient =>
  new SQSClient({ logger, ...spared(tryMs) });
