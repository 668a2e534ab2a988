// When has a condition come true? Looks often, and says what it waited for when the deadline passes.
import { setTimeout as wait } from "node:timers/promises";

export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  deadlineMs = 15_000,
): Promise<Exclude<T, undefined | false | null>> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false && seen !== null) return seen as Exclude<T, undefined | false | null>;
    if (performance.now() > end) throw new Error(`Waited ${deadlineMs} ms in vain until ${what}`);
    await wait(5);
  }
}
