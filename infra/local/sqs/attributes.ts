// What does a receiver learn about a message, and what proves that it arrived unchanged?
import { createHash } from "node:crypto";
import type { Message } from "./queue.ts";

/** As on the wire: `BinaryValue` is base64. */
export interface MessageAttribute {
  DataType: string;
  StringValue?: string;
  BinaryValue?: string;
}

export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

export function md5Of(body: string): string {
  return createHash("md5").update(body).digest("hex");
}

/**
 * AWS's digest of message attributes: by name, each part with its length before it, 1 for text and 2 for bytes.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
 */
export function md5OfAttributes(attributes: MessageAttributes): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const hash = createHash("md5");
  const update = (part: Buffer) => hash.update(lengthOf(part)).update(part);
  for (const name of names) {
    const { DataType = "", StringValue = "", BinaryValue } = attributes[name] ?? {};
    update(Buffer.from(name));
    update(Buffer.from(DataType));
    hash.update(Uint8Array.of(BinaryValue === undefined ? 1 : 2));
    update(BinaryValue === undefined ? Buffer.from(StringValue) : Buffer.from(BinaryValue, "base64"));
  }
  return hash.digest("hex");
}

function lengthOf(part: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(part.length);
  return length;
}

/** The attributes the receiver asked for by name, by prefix (`drover.*`), or all of them. */
export function selectAttributes(attributes: MessageAttributes, wanted: readonly string[] = []): MessageAttributes {
  const isWanted = (name: string) =>
    wanted.some((want) => {
      if (want === "All" || want === ".*" || want === name) return true;
      return want.endsWith(".*") && name.startsWith(want.slice(0, -1));
    });
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => isWanted(name)));
}

/** What SQS itself knows of the message; all values are text. */
export function systemAttributes(message: Message, wanted: readonly string[]): Record<string, string> | undefined {
  const known: Record<string, string> = {
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
    ApproximateReceiveCount: String(message.receiveCount),
    SenderId: "AIDALOCAL",
    SentTimestamp: String(message.sentAt),
  };
  if (message.deadLetterSource) known.DeadLetterQueueSourceArn = message.deadLetterSource;
  const chosen = Object.entries(known).filter(([name]) => wanted.includes("All") || wanted.includes(name));
  return chosen.length > 0 ? Object.fromEntries(chosen) : undefined;
}
