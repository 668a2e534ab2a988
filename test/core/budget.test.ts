import { describe, expect, it } from "vitest";
import {
  type BudgetLimits,
  defaultBudget,
  forfeitCall,
  listBudgetUse,
  nothingSpent,
  type PlannedCall,
  releaseCall,
  reserveCall,
  type Spend,
  settleCall,
} from "../../functions/core/budget.ts";
import { costOf } from "../../functions/core/price.ts";

/** One micro-dollar for a token that is read or cached, ten for one that is written. */
const model = { price: { input: 1e6, output: 10e6, cacheRead: 1e6, cacheWrite: 1e6 } };
const limits: BudgetLimits = { tokens: 10_000, microDollars: 50_000, turns: 3, wallClockMs: 60_000 };
const call: PlannedCall = { model, cachedTokens: 0, newTokens: 1_000, maxOutputTokens: 2_000 };

describe("before a call", () => {
  it("what it may cost is set aside, and the call counted", () => {
    const reservation = reserveCall(nothingSpent, limits, call);
    expect(reservation).toEqual({
      kind: "reserved",
      maxTokens: 2_000,
      spend: { ...nothingSpent, turns: 1, reservedTokens: 3_000, reservedMicroDollars: 21_000 },
    });
  });

  it.each<[string, Partial<Spend>, number]>([
    ["tokens", { inputTokens: 7_500 }, 1_500],
    ["money", { microDollars: 34_000 }, 1_500],
  ])("the answer is kept as short as the %s that are left", (_, spent, maxTokens) => {
    expect(reserveCall({ ...nothingSpent, ...spent }, limits, call)).toMatchObject({ kind: "reserved", maxTokens });
  });

  it.each<[keyof BudgetLimits, Partial<Spend>]>([
    ["turns", { turns: 3 }],
    ["wallClockMs", { wallClockMs: 60_000 }],
    ["tokens", { cacheReadTokens: 7_977 }],
    ["tokens", { unconfirmedTokens: 7_977 }],
    ["tokens", { reservedTokens: 7_977 }],
    ["microDollars", { microDollars: 38_761 }],
    ["microDollars", { reservedMicroDollars: 38_761 }],
  ])("a call that %s leave no room for is refused, and the limit named: %j", (limit, spent) => {
    const refused = reserveCall({ ...nothingSpent, ...spent }, limits, call);
    const field = limit === "microDollars" ? "dollars" : limit;
    expect(refused).toMatchObject({ kind: "refused", limit, why: expect.stringContaining(`limits.${field},`) });
  });

  it.each<[Partial<Spend>]>([
    [{ turns: 2 }],
    [{ wallClockMs: 59_999 }],
    [{ cacheReadTokens: 7_976 }],
    [{ microDollars: 38_760 }],
  ])("the last call that fits is allowed: %j", (spent) => {
    expect(reserveCall({ ...nothingSpent, ...spent }, limits, call).kind).toBe("reserved");
  });

  it("an answer that never needs much is not refused for having little room", () => {
    const small = { ...call, maxOutputTokens: 10 };
    expect(reserveCall({ ...nothingSpent, inputTokens: 8_990 }, limits, small)).toMatchObject({ maxTokens: 10 });
    expect(reserveCall({ ...nothingSpent, inputTokens: 8_991 }, limits, small).kind).toBe("refused");
  });

  it("a model that costs nothing is limited by tokens alone", () => {
    const free = { ...call, model: { price: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 } } };
    expect(reserveCall({ ...nothingSpent, microDollars: 49_999 }, limits, free)).toMatchObject({ maxTokens: 2_000 });
  });

  it("there are limits where nobody has set any", () => {
    for (const value of Object.values(defaultBudget)) expect(value).toBeGreaterThan(0);
    expect(Number.isFinite(Object.values(defaultBudget).reduce((sum, value) => sum + value, 0))).toBe(true);
  });
});

describe("after a call", () => {
  const reserved = reserveCall({ ...nothingSpent, microDollars: 5, inputTokens: 5 }, limits, call);
  if (reserved.kind !== "reserved") throw new Error("refused");
  const { spend } = reserved;

  it("what it used takes the place of what was set aside", () => {
    const used = { input: 10, output: 20, cacheRead: 30, cacheWrite: 40 };
    expect(settleCall(spend, model, used)).toEqual({
      ...nothingSpent,
      inputTokens: 15,
      outputTokens: 20,
      cacheReadTokens: 30,
      cacheWriteTokens: 40,
      microDollars: 5 + costOf(model, used),
      turns: 1,
    });
  });

  it("a call that was refused has cost nothing and is not counted", () => {
    expect(releaseCall(spend)).toEqual({ ...nothingSpent, microDollars: 5, inputTokens: 5 });
  });

  it("a call whose outcome nobody knows counts as what was set aside, so also after a crash", () => {
    const stored = JSON.parse(JSON.stringify(spend)) as Spend;
    expect(forfeitCall(stored)).toEqual({
      ...nothingSpent,
      inputTokens: 5,
      unconfirmedTokens: 3_000,
      microDollars: 21_005,
      turns: 1,
    });
  });

  it("a limit is passed by one call at most, whatever the calls turn out to use", () => {
    let current = nothingSpent;
    const worst = { input: 0, output: 0, cacheRead: 0, cacheWrite: 9_000 };
    const calls: number[] = [];
    for (;;) {
      // The cache was expected to give it all, and gave nothing.
      const next = reserveCall(current, { ...limits, turns: 99 }, { ...call, cachedTokens: 1_000, newTokens: 0 });
      if (next.kind === "refused") break;
      const before = current.microDollars;
      current = settleCall(next.spend, model, { ...worst, output: next.maxTokens });
      calls.push(before);
    }
    expect(calls.every((before) => before < limits.microDollars)).toBe(true);
    expect(calls.length).toBeGreaterThan(0);
  });
});

describe("what people are told of it", () => {
  it.each([
    [{}, []],
    [{ turns: 2 }, []],
    [{ wallClockMs: 47_999 }, []],
    [{ wallClockMs: 48_000 }, [{ limit: "wallClockMs", used: 48_000, of: 60_000, state: "approaching" }]],
    [
      { microDollars: 39_000, reservedMicroDollars: 1_000 },
      [{ limit: "microDollars", used: 40_000, of: 50_000, state: "approaching" }],
    ],
    [
      { turns: 3, outputTokens: 9_000 },
      [
        { limit: "tokens", used: 9_000, of: 10_000, state: "approaching" },
        { limit: "turns", used: 3, of: 3, state: "reached" },
      ],
    ],
  ])("of %j: %j", (spent, expected) => {
    expect(listBudgetUse({ ...nothingSpent, ...spent }, limits)).toEqual(expected);
  });
});
