// How much may leave the sandbox in all? An allowed host takes whatever it is sent, so there is an end to it.
import type { Readable } from "node:stream";
import type { Refusal } from "./egress-dial.ts";

/** Follows what is sent to a target, beside what was sent already, and breaks off when the sandbox has sent too much. */
export type Count = (
  sent: Readable,
  target: Pick<Refusal, "host" | "port">,
  breakOff: () => void,
  alreadyBytes?: number,
) => void;

export interface Budget {
  isSpent(): boolean;
  count: Count;
}

/** What is received does not count, and packages are fetched with few bytes. */
export function openBudget(mostBytes: number, onRefused: (refusal: Refusal) => void): Budget {
  let left = mostBytes;
  return {
    isSpent: () => left <= 0,
    count(sent, target, breakOff, alreadyBytes = 0) {
      let isOver = false;
      left -= alreadyBytes;
      sent.on("data", (chunk: Buffer) => {
        left -= chunk.length;
        if (left > 0 || isOver) return;
        isOver = true;
        onRefused({ ...target, why: spent(mostBytes) });
        sent.destroy();
        breakOff();
      });
    },
  };
}

export const spent = (mostBytes: number) => `the sandbox has sent the ${mostBytes} bytes that it may send`;
