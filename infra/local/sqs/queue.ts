// What does one standard queue hold, and which message comes out next? In memory, with the clock given.
import { randomUUID } from "node:crypto";
import { AwsError } from "../aws-json.ts";
import type { MessageAttributes } from "./attributes.ts";
import type { KeptMessages } from "./kept-messages.ts";

export interface Message {
  readonly id: string;
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly sentAt: number;
  /** Across all queues, as AWS counts it. */
  receiveCount: number;
  /** What `receiveCount` was when the message came to this queue. */
  receivedBefore: number;
  firstReceivedAt?: number;
  /** The handle of the latest receive; older ones no longer delete. */
  receiptHandle?: string;
  /** The queue that gave the message up, once it is in a dead-letter queue. */
  deadLetterSource?: string;
  visibleAt: number;
}

export interface QueueRules {
  name: string;
  arn: string;
  visibilityTimeoutMs: number;
  maxReceiveCount?: number;
  deadLetterQueue?: () => Queue | undefined;
  now: () => number;
  /** In [0, 1). Seeded by the caller, so that a failing order can be replayed. */
  random: () => number;
  /** Called when a message may have become ready. */
  onChange: () => void;
  /** Where messages are kept that shall outlive this process. */
  kept?: KeptMessages;
}

export type Queue = ReturnType<typeof createQueue>;

/**
 * A message is either ready, or waiting for its `visibleAt` (in flight, or delayed). A queue whose messages are not
 * kept lives no longer than its process: losing it whole is harmless where a message is only a wake-up.
 */
export function createQueue(rules: QueueRules) {
  const ready: Message[] = [];
  const waiting = new Map<string, Message>();
  for (const message of rules.kept?.load() ?? []) waiting.set(message.id, message);

  function settle(): void {
    const now = rules.now();
    for (const message of waiting.values()) {
      if (message.visibleAt > now) continue;
      waiting.delete(message.id);
      ready.push(message);
    }
  }

  function add(message: Message): void {
    rules.kept?.keep(message);
    if (message.visibleAt > rules.now()) waiting.set(message.id, message);
    else ready.push(message);
    rules.onChange();
  }

  function send(body: string, attributes: MessageAttributes, delayMs: number): Message {
    const sentAt = rules.now();
    const counts = { receiveCount: 0, receivedBefore: 0 };
    const message = { id: randomUUID(), body, attributes, sentAt, visibleAt: sentAt + delayMs, ...counts };
    add(message);
    return message;
  }

  /** Takes one ready message at random: a standard queue promises no order, so none may be relied on. */
  function draw(): Message | undefined {
    const at = Math.floor(rules.random() * ready.length);
    const [drawn, last] = [ready[at], ready.pop()];
    if (drawn && last && drawn !== last) ready[at] = last;
    return drawn;
  }

  /** Up to `count` messages. One that was received too often goes to the dead-letter queue here, as on AWS. */
  function take(count: number, visibilityTimeoutMs = rules.visibilityTimeoutMs): Message[] {
    settle();
    const taken: Message[] = [];
    while (taken.length < count) {
      const message = draw();
      if (!message) break;
      if (isSpent(message)) giveUp(message);
      else taken.push(message);
    }
    // Hidden only now, so that a timeout of 0 cannot put one message into the same answer twice.
    for (const message of taken) markReceived(message, visibilityTimeoutMs);
    return taken;
  }

  function isSpent(message: Message): boolean {
    if (!rules.maxReceiveCount || !rules.deadLetterQueue?.()) return false;
    return message.receiveCount - message.receivedBefore >= rules.maxReceiveCount;
  }

  function giveUp(message: Message): void {
    const { receiveCount } = message;
    rules.deadLetterQueue?.()?.add({ ...message, receivedBefore: receiveCount, deadLetterSource: rules.arn });
    rules.kept?.forget(message.id);
  }

  function markReceived(message: Message, visibilityTimeoutMs: number): void {
    const now = rules.now();
    message.receiveCount += 1;
    message.firstReceivedAt ??= now;
    message.visibleAt = now + visibilityTimeoutMs;
    message.receiptHandle = writeHandle(rules.name, message.id);
    add(message);
  }

  /** The message this handle received last, wherever it is now. A well-formed handle of the past finds nothing. */
  function find(receiptHandle: string): Message | undefined {
    const id = readHandle(rules.name, receiptHandle);
    const message = waiting.get(id) ?? ready.find((candidate) => candidate.id === id);
    return message?.receiptHandle === receiptHandle ? message : undefined;
  }

  /** Deletes also after the visibility timeout, as long as nobody received the message since. */
  function remove(receiptHandle: string): void {
    const message = find(receiptHandle);
    if (message) rules.kept?.forget(message.id);
    if (!message || waiting.delete(message.id)) return;
    ready.splice(ready.indexOf(message), 1);
  }

  function changeVisibility(receiptHandle: string, timeoutMs: number): void {
    settle();
    const message = find(receiptHandle);
    if (!message || !waiting.delete(message.id)) {
      throw new AwsError("MessageNotInflight", "The specified message referred to isn't in flight.");
    }
    message.visibleAt = rules.now() + timeoutMs;
    add(message);
  }

  /** When there is something to take; undefined if the queue is empty. */
  function nextReadyAt(): number | undefined {
    if (ready.length > 0) return rules.now();
    let next: number | undefined;
    for (const { visibleAt } of waiting.values()) next = Math.min(next ?? visibleAt, visibleAt);
    return next;
  }

  function count() {
    settle();
    const inFlight = [...waiting.values()].filter((message) => message.receiptHandle !== undefined).length;
    return { visible: ready.length, inFlight, delayed: waiting.size - inFlight };
  }

  function purge(): void {
    for (const { id } of [...ready, ...waiting.values()]) rules.kept?.forget(id);
    ready.length = 0;
    waiting.clear();
  }

  return { rules, add, send, take, remove, changeVisibility, nextReadyAt, count, purge };
}

function writeHandle(queueName: string, messageId: string): string {
  return Buffer.from([queueName, messageId, randomUUID()].join("\n")).toString("base64");
}

function readHandle(queueName: string, receiptHandle: string): string {
  const [name, messageId, nonce] = Buffer.from(receiptHandle, "base64").toString().split("\n");
  if (name !== queueName || !messageId || !nonce) {
    throw new AwsError(
      "ReceiptHandleIsInvalid",
      `The input receipt handle "${receiptHandle}" is not a valid receipt handle.`,
    );
  }
  return messageId;
}
