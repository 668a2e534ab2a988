import { describe, expect, it } from "vitest";
import { nothingSpent } from "../../functions/core/budget.ts";
import { hourMs, hourOf, spentByHour } from "../../functions/core/spending.ts";
import type { Attempt } from "../../functions/core/task.ts";

interface Made {
  state?: Attempt["state"];
  until?: Record<number, number>;
  reserved?: number;
}

function attempts(...made: Made[]): Attempt[] {
  return made.map(({ state = "failed", until, reserved = 0 }, index) => {
    const microDollars = Object.values(until ?? {}).at(-1) ?? 0;
    const spend = { ...nothingSpent, microDollars, reservedMicroDollars: reserved };
    return { attempt: index + 1, state, ...(until && { spentUntil: until, beat: { spend } }) } as unknown as Attempt;
  });
}

describe("spentByHour", () => {
  it.each<[string, Attempt[], number, [number, number][]]>([
    ["an attempt without a model costs nothing", attempts({}), 1, []],
    ["an attempt that is not there costs nothing", attempts({}), 2, []],
    ["a model that was not asked yet costs nothing", attempts({ until: { 7: 0 } }), 1, []],
    ["what was spent in an hour is what its last beat knew", attempts({ until: { 7: 30 } }), 1, [[7, 30]]],
    [
      "each hour has what came in it",
      attempts({ until: { 9: 100, 8: 40, 7: 30 } }),
      1,
      [
        [7, 30],
        [8, 10],
        [9, 60],
      ],
    ],
    ["an hour without a call has nothing", attempts({ until: { 7: 30, 8: 30 } }), 1, [[7, 30]]],
    ["a next attempt counts on", attempts({ until: { 7: 30 } }, { until: { 7: 42 } }), 2, [[7, 12]]],
    ["one that came to nothing is passed over", attempts({ until: { 7: 30 } }, {}, { until: { 8: 35 } }), 3, [[8, 5]]],
    ["a call under way is not spent yet", attempts({ state: "running", until: { 7: 30 }, reserved: 9 }), 1, [[7, 30]]],
    ["a call that was lost counts as made", attempts({ until: { 7: 30 }, reserved: 9 }), 1, [[7, 39]]],
    [
      "and is not counted again by the next attempt",
      attempts({ until: { 7: 30 }, reserved: 9 }, { until: { 8: 39 } }),
      2,
      [],
    ],
  ])("%s", (_rule, all, number, spent) => {
    expect([...spentByHour(all, number)]).toEqual(spent);
  });

  it("adds up to what the task has spent, however often it was tried", () => {
    const all = attempts({ until: { 7: 30, 8: 50 }, reserved: 5 }, { until: { 8: 60, 9: 90 } }, { until: { 9: 91 } });
    const sum = all.flatMap(({ attempt }) => [...spentByHour(all, attempt).values()]).reduce((a, b) => a + b, 0);
    expect(sum).toBe(91);
  });
});

it("an hour begins on the hour", () => {
  expect([hourOf(hourMs - 1), hourOf(hourMs), hourOf(hourMs + 1)]).toEqual([0, 1, 1]);
});
