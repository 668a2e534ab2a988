// What do SQS's operations accept and answer? Checked as AWS checks them, with AWS's own error names.
import type * as Sqs from "@aws-sdk/client-sqs";
import { AwsError, type Operation } from "../aws-json.ts";
import { type MessageAttributes, md5Of, md5OfAttributes, selectAttributes, systemAttributes } from "./attributes.ts";
import { answerBatch } from "./batch.ts";
import { invalid, maxMessageBytes, readInteger, readText } from "./checks.ts";
import type { Polls } from "./polls.ts";
import type { Message, Queue } from "./queue.ts";

const maxVisibilitySeconds = 12 * 60 * 60;

export interface ServedQueue {
  queue: Queue;
  polls: Polls;
}

type Input = Record<string, unknown>;

export function createOperations(queues: Map<string, ServedQueue>, urlOf: (name: string) => string) {
  function findQueue(name: string): ServedQueue {
    const found = queues.get(name);
    if (!found) throw new AwsError("QueueDoesNotExist", "The specified queue does not exist.");
    return found;
  }

  function queueOf(input: Input): ServedQueue {
    return findQueue(readText(input, "QueueUrl").split("/").at(-1) ?? "");
  }

  return {
    GetQueueUrl: (input) => {
      const name = readText(input, "QueueName");
      findQueue(name);
      return { QueueUrl: urlOf(name) } satisfies Sqs.GetQueueUrlResult;
    },
    GetQueueAttributes: (input) => getAttributes(queueOf(input).queue, input),
    SendMessage: (input) => send(queueOf(input).queue, input),
    SendMessageBatch: (input) => {
      const { queue } = queueOf(input);
      return answerBatch(input, (entry) => send(queue, entry), sizeOf);
    },
    ReceiveMessage: (input, signal) => receive(queueOf(input).polls, input, signal),
    DeleteMessage: (input) => queueOf(input).queue.remove(readText(input, "ReceiptHandle")),
    DeleteMessageBatch: (input) => {
      const { queue } = queueOf(input);
      return answerBatch(input, (entry) => {
        queue.remove(readText(entry, "ReceiptHandle"));
        return {};
      });
    },
    ChangeMessageVisibility: (input) => {
      const seconds = readInteger(input, "VisibilityTimeout", { min: 0, max: maxVisibilitySeconds });
      if (seconds === undefined) throw new AwsError("MissingParameter", "VisibilityTimeout is required.");
      queueOf(input).queue.changeVisibility(readText(input, "ReceiptHandle"), seconds * 1000);
    },
  } satisfies Record<string, Operation>;
}

function send(queue: Queue, input: Input) {
  const body = readText(input, "MessageBody");
  const attributes = readAttributes(input);
  const delaySeconds = readInteger(input, "DelaySeconds", { min: 0, max: 900 }) ?? 0;
  if (sizeOf(input) > maxMessageBytes) throw invalid(`Message must be shorter than ${maxMessageBytes} bytes.`);
  if (input.MessageDeduplicationId) throw invalid("MessageDeduplicationId is for FIFO queues only.");
  const message = queue.send(body, attributes, delaySeconds * 1000);
  return {
    MessageId: message.id,
    MD5OfMessageBody: md5Of(body),
    MD5OfMessageAttributes: md5OfAttributes(attributes),
  } satisfies Sqs.SendMessageResult;
}

async function receive(polls: Polls, input: Input, signal: AbortSignal) {
  const count = readInteger(input, "MaxNumberOfMessages", { min: 1, max: 10 }) ?? 1;
  const visibility = readInteger(input, "VisibilityTimeout", { min: 0, max: maxVisibilitySeconds });
  const waitMs = (readInteger(input, "WaitTimeSeconds", { min: 0, max: 20 }) ?? 0) * 1000;
  const visibilityTimeoutMs = visibility === undefined ? undefined : visibility * 1000;
  const messages = await polls.receive({ count, waitMs, visibilityTimeoutMs }, signal);
  return { Messages: messages.length > 0 ? messages.map((message) => show(message, input)) : undefined };
}

function show(message: Message, input: Input) {
  const request = input as Partial<Sqs.ReceiveMessageRequest>;
  const wanted = [...(request.MessageSystemAttributeNames ?? []), ...(request.AttributeNames ?? [])];
  const attributes = selectAttributes(message.attributes, request.MessageAttributeNames);
  return {
    MessageId: message.id,
    ReceiptHandle: message.receiptHandle,
    Body: message.body,
    MD5OfBody: md5Of(message.body),
    Attributes: systemAttributes(message, wanted),
    MessageAttributes: Object.keys(attributes).length > 0 ? attributes : undefined,
    MD5OfMessageAttributes: md5OfAttributes(attributes),
  };
}

function getAttributes({ rules, count }: Queue, input: Input): Sqs.GetQueueAttributesResult {
  const { visible, inFlight, delayed } = count();
  const deadLetterTargetArn = rules.deadLetterQueue?.()?.rules.arn;
  const known: Record<string, string> = {
    QueueArn: rules.arn,
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    VisibilityTimeout: String(rules.visibilityTimeoutMs / 1000),
  };
  if (deadLetterTargetArn) {
    known.RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: rules.maxReceiveCount });
  }
  const { AttributeNames: wanted = [] } = input as Partial<Sqs.GetQueueAttributesRequest>;
  const unknown = wanted.find((name) => name !== "All" && !(name in known) && name !== "RedrivePolicy");
  if (unknown) throw new AwsError("InvalidAttributeName", `Unknown Attribute ${unknown}.`);
  const chosen = Object.entries(known).filter(([name]) => wanted.some((want) => want === "All" || want === name));
  return { Attributes: chosen.length > 0 ? Object.fromEntries(chosen) : undefined };
}

function readAttributes(input: Input): MessageAttributes {
  const attributes = (input.MessageAttributes ?? {}) as MessageAttributes;
  if (Object.keys(attributes).length > 10)
    throw invalid("Number of message attributes exceeds the allowed maximum [10].");
  for (const [name, { DataType, StringValue, BinaryValue }] of Object.entries(attributes)) {
    if (!DataType) throw invalid(`The message attribute '${name}' must contain a non-empty message attribute type.`);
    if (!StringValue && !BinaryValue) throw invalid(`The message attribute '${name}' must contain a non-empty value.`);
  }
  return attributes;
}

function sizeOf(input: Input): number {
  let size = Buffer.byteLength(String(input.MessageBody ?? ""));
  for (const [name, attribute] of Object.entries((input.MessageAttributes ?? {}) as MessageAttributes)) {
    const { DataType, StringValue = "", BinaryValue = "" } = attribute;
    size += Buffer.byteLength(name + DataType + StringValue) + Buffer.byteLength(BinaryValue, "base64");
  }
  return size;
}
