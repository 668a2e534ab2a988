// How are counts put together? What a path asked for, less or plus so many times what one part of it did, and sums of it.
import type { Count, Counts } from "./counter.ts";

const none: Count = { requests: 0, writeUnits: 0, readUnits: 0, ms: 0 };

/** `base` plus `times` what `part` counted. */
export function plus(base: Counts, part: Counts, times = 1): Counts {
  const names = new Set([...base.keys(), ...part.keys()]);
  const sums = [...names].map((name): [string, Count] => {
    const [a, b] = [base.get(name) ?? none, part.get(name) ?? none];
    const add = (of: keyof Count) => a[of] + times * b[of];
    return [
      name,
      { requests: add("requests"), writeUnits: add("writeUnits"), readUnits: add("readUnits"), ms: add("ms") },
    ];
  });
  // One request more or less of a batch is none, and yet reads an item.
  return new Map(
    sums.filter(([, { requests, writeUnits, readUnits }]) => requests !== 0 || writeUnits !== 0 || readUnits !== 0),
  );
}

export const sumOf = (counts: Counts, of: keyof Count): number =>
  [...counts.values()].reduce((sum, count) => sum + count[of], 0);

/** Those of AWS's services: a call of a function is counted too, and is none. */
export const requestsOf = (counts: Counts): number =>
  [...counts].reduce((sum, [name, { requests }]) => (isCall(name) ? sum : sum + requests), 0);

export const callsOf = (counts: Counts): number => sumOf(counts, "requests") - requestsOf(counts);

const isCall = (name: string) => name.startsWith("lambda ");
