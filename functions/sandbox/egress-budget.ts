// How much may leave the sandbox in all? An allowed host takes whatever it is sent, so there is an end to it.
import type { Readable } from "node:stream";
import type { Refusal } from "./egress-dial.ts";

type Sent = Pick<Refusal, "host" | "port">;

/** Takes off what is about to be sent to a target. False when that is more than is left, and it must not be sent. */
export type Spend = (bytes: number, target: Sent) => boolean;
/** Follows what is sent to a target, and breaks off when the sandbox has sent too much. */
export type Count = (sent: Readable, target: Sent, breakOff: () => void) => void;

export interface Budget {
  isSpent(): boolean;
  spend: Spend;
  count: Count;
}

/** What is received does not count, and packages are fetched with few bytes. */
export function openBudget(mostBytes: number, onRefused: (refusal: Refusal) => void): Budget {
  let left = mostBytes;
  const spend: Spend = (bytes, target) => {
    left -= bytes;
    if (left > 0) return true;
    onRefused({ ...target, why: spent(mostBytes) });
    return false;
  };
  return {
    isSpent: () => left <= 0,
    spend,
    count(sent, target, breakOff) {
      let isOver = false;
      sent.on("data", (chunk: Buffer) => {
        if (isOver || spend(chunk.length, target)) return;
        isOver = true;
        sent.destroy();
        breakOff();
      });
    },
  };
}

export const spent = (mostBytes: number) => `the sandbox has sent the ${mostBytes} bytes that it may send`;
