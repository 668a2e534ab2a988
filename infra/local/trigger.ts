// How does a queue call a function on this machine? As Lambda's event source mapping for SQS does.
import {
  DeleteMessageBatchCommand,
  type Message,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { SQSEvent, SQSHandler, SQSMessageAttribute, SQSRecord } from "aws-lambda";
import { pause as pauseUnlessAborted } from "./pause.ts";

/** What a Lambda function for SQS may answer: nothing, or the messages of the batch that failed. */
export type BatchAnswer = Awaited<ReturnType<SQSHandler>>;

export interface TriggerOptions {
  sqs: SQSClient;
  queueUrl: string;
  queueArn: string;
  /** 1 to 10. There is no batching window: a batch is what one receive brings. */
  batchSize: number;
  /** How many batches are handled at once; as many polls wait, each on a socket of `sqs`. */
  concurrency: number;
  visibilityTimeoutMs: number;
  handler(event: SQSEvent): Promise<BatchAnswer>;
  /** Told of a failed poll, handler or delete. In every case the messages come back after their visibility timeout. */
  onError?(error: unknown): void;
  /** Waits between polls that failed; ends early when aborted. */
  pause?(ms: number, signal: AbortSignal): Promise<void>;
}

export interface Trigger {
  /** Gives up the waiting polls and resolves when the running handlers have ended. */
  stop(): Promise<void>;
}

const longPollSeconds = 20;
const firstPauseMs = 100;
const longestPauseMs = 5_000;

export function startTrigger(options: TriggerOptions): Trigger {
  const { batchSize, concurrency, onError = (error) => console.error("local trigger", error) } = options;
  if (batchSize < 1 || batchSize > 10) throw new Error(`batchSize must be 1 to 10, not ${batchSize}.`);
  const stopping = new AbortController();
  const pollers = Array.from({ length: concurrency }, () => poll({ ...options, onError }, stopping.signal));
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all(pollers);
    },
  };
}

type Running = TriggerOptions & Required<Pick<TriggerOptions, "onError">>;

async function poll(options: Running, signal: AbortSignal): Promise<void> {
  const { onError, pause = pauseUnlessAborted } = options;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const messages = await receive(options, signal);
      failures = 0;
      if (messages.length > 0) await handle(options, messages);
    } catch (error) {
      if (signal.aborted) return;
      onError(error);
      // Half of it is random, so that several pollers do not come back in step.
      const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** failures) * (0.5 + Math.random() / 2);
      failures += 1;
      await pause(pauseMs, signal);
    }
  }
}

async function receive({ sqs, queueUrl, batchSize, visibilityTimeoutMs }: Running, abortSignal: AbortSignal) {
  const command = new ReceiveMessageCommand({
    QueueUrl: queueUrl,
    MaxNumberOfMessages: batchSize,
    WaitTimeSeconds: longPollSeconds,
    VisibilityTimeout: Math.ceil(visibilityTimeoutMs / 1000),
    MessageSystemAttributeNames: ["All"],
    MessageAttributeNames: ["All"],
  });
  const { Messages = [] } = await sqs.send(command, { abortSignal });
  return Messages;
}

async function handle(options: Running, messages: Message[]): Promise<void> {
  const { handler, onError, queueArn } = options;
  let answer: BatchAnswer;
  try {
    answer = await handler({ Records: messages.map((message) => toRecord(message, queueArn)) });
  } catch (error) {
    onError(error);
    return;
  }
  const done = chooseDone(messages, answer);
  if (done === "none")
    onError(new Error("The handler named a message that was not in its batch: the whole batch failed."));
  else await remove(options, done);
}

/**
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html: no answer or an empty list is success;
 * an id that is missing, empty or not of this batch fails all of it.
 */
function chooseDone(messages: Message[], answer: BatchAnswer): Message[] | "none" {
  const failures = answer?.batchItemFailures ?? [];
  const failed = new Set(failures.map(({ itemIdentifier }) => itemIdentifier));
  const done = messages.filter(({ MessageId = "" }) => !failed.has(MessageId));
  return done.length === messages.length - failed.size ? done : "none";
}

/** A delete that fails is no disaster: the message comes again, and every handler expects duplicates. */
async function remove({ sqs, queueUrl, onError }: Running, messages: Message[]): Promise<void> {
  if (messages.length === 0) return;
  const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
  try {
    const { Failed = [] } = await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    for (const { Code, Message: text } of Failed)
      onError(new Error(`A handled message was not deleted: ${Code} ${text}`));
  } catch (error) {
    onError(error);
  }
}

function toRecord(message: Message, queueArn: string): SQSRecord {
  const attributes = message.Attributes ?? {};
  return {
    messageId: message.MessageId ?? "",
    receiptHandle: message.ReceiptHandle ?? "",
    body: message.Body ?? "",
    attributes: {
      ...attributes,
      ApproximateReceiveCount: attributes.ApproximateReceiveCount ?? "",
      SentTimestamp: attributes.SentTimestamp ?? "",
      SenderId: attributes.SenderId ?? "",
      ApproximateFirstReceiveTimestamp: attributes.ApproximateFirstReceiveTimestamp ?? "",
    },
    messageAttributes: Object.fromEntries(
      Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [name, toAttribute(value)]),
    ),
    md5OfBody: message.MD5OfBody ?? "",
    ...(message.MD5OfMessageAttributes && { md5OfMessageAttributes: message.MD5OfMessageAttributes }),
    eventSource: "aws:sqs",
    eventSourceARN: queueArn,
    awsRegion: queueArn.split(":")[3] ?? "",
  };
}

function toAttribute({ StringValue, BinaryValue, DataType = "" }: MessageAttributeValue): SQSMessageAttribute {
  return {
    ...(StringValue !== undefined && { stringValue: StringValue }),
    ...(BinaryValue !== undefined && { binaryValue: Buffer.from(BinaryValue).toString("base64") }),
    // As in the events that Lambda makes.
    stringListValues: [],
    binaryListValues: [],
    dataType: DataType,
  };
}
