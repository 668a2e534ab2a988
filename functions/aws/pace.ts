// May one more call be made now? As many a second as were agreed on, evenly; who comes too early waits.
import { setTimeout } from "node:timers/promises";

export type Pace = () => Promise<void>;

/** No burst after a quiet time: whatever delays its calls on their way would let it run into those that follow. */
export function openPace(perSecond: number): Pace {
  const apartMs = 1_000 / perSecond;
  let nextAt = 0;
  return async () => {
    const now = performance.now();
    const at = Math.max(nextAt, now);
    nextAt = at + apartMs;
    if (at > now) await setTimeout(at - now);
  };
}
