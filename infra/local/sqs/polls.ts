// Who waits for a message, and who is served first? Long polls, oldest first.
import { setImmediate } from "node:timers/promises";
import type { Message, Queue } from "./queue.ts";

export interface ReceiveOptions {
  count: number;
  visibilityTimeoutMs?: number;
  waitMs: number;
}

interface Poll extends ReceiveOptions {
  deadlineAt: number;
  answer(messages: Message[]): void;
}

/**
 * A client that hung up before a message was sent must not swallow it. The kernel knows of the hang-up first, but Node
 * needs some turns of its event loop (end, shutdown, close) until the poll's signal aborts: 2 were measured to be too
 * few, 3 enough. A client that dies later than that loses the message until its visibility timeout, as on AWS.
 */
const turnsToHearHangUps = 5;

export type Polls = ReturnType<typeof createPolls>;

/** `queue` is asked for, not given: a queue and its polls know each other. */
export function createPolls(queue: () => Queue, now: () => number) {
  const polls = new Set<Poll>();
  let alarm: NodeJS.Timeout | undefined;
  let isServingSoon = false;

  /** Every receive queues up, also one that does not wait, so that nobody overtakes. */
  function receive(options: ReceiveOptions, signal: AbortSignal): Promise<Message[]> {
    if (signal.aborted) return Promise.resolve([]);
    return new Promise((resolve) => {
      const poll = { ...options, deadlineAt: now() + options.waitMs, answer };
      function answer(messages: Message[]): void {
        if (!polls.delete(poll)) return;
        if (polls.size === 0) clearTimeout(alarm);
        resolve(messages);
      }
      polls.add(poll);
      signal.addEventListener("abort", () => answer([]), { once: true });
      serveSoon();
    });
  }

  function serveSoon(): void {
    if (polls.size === 0 || isServingSoon) return;
    isServingSoon = true;
    void serveLater();
  }

  async function serveLater(): Promise<void> {
    for (let turn = 0; turn < turnsToHearHangUps; turn += 1) await setImmediate();
    serve();
  }

  function serve(): void {
    clearTimeout(alarm);
    isServingSoon = false;
    for (const poll of polls) {
      const messages = queue().take(poll.count, poll.visibilityTimeoutMs);
      if (messages.length > 0 || now() >= poll.deadlineAt) poll.answer(messages);
    }
    if (polls.size > 0) setAlarm();
  }

  /** Wakes at the next deadline, expiry or end of a delay; with an injected clock, `clockMoved` does it instead. */
  function setAlarm(): void {
    let at = queue().nextReadyAt() ?? Number.POSITIVE_INFINITY;
    for (const { deadlineAt } of polls) at = Math.min(at, deadlineAt);
    alarm = setTimeout(serve, Math.max(1, at - now()));
  }

  return { receive, serveSoon };
}
