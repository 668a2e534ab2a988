// How long until the next try? A pause that the end of whoever waits cuts short.
import { setTimeout as wait } from "node:timers/promises";

/** Resolves after `ms`, or as soon as `signal` aborts: look at the signal afterwards. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
