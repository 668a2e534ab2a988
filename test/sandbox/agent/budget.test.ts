import { describe, expect, it } from "vitest";
import { z } from "zod";
import { nothingSpent, type Spend } from "../../../functions/core/budget.ts";
import { openBudget } from "../../../functions/sandbox/agent/budget.ts";
import { defineTool } from "../../../functions/sandbox/agent/tools/tool.ts";
import { echo, openStage, said, startOfTime } from "./stage.ts";

const done = { text: "All done." };
const usage = {
  input_tokens: 1_000,
  output_tokens: 500,
  cache_creation_input_tokens: 2_000,
  cache_read_input_tokens: 3_000,
};

describe("what a task may spend", () => {
  it("is counted from what the provider says, by class and price", async () => {
    const { budget, conversation } = await openStage([
      { tools: [echo("x")], usage },
      { ...done, usage },
    ]);
    await conversation.run("Go.");
    // Sonnet 5.5: $2 in, $10 out, $0.10 read, $2.50 written, each per million.
    const each = 1_000 * 2 + 500 * 10 + 3_000 * 0.1 + 2_000 * 2.5;
    expect(budget.spend).toEqual({
      ...nothingSpent,
      inputTokens: 2_000,
      outputTokens: 1_000,
      cacheReadTokens: 6_000,
      cacheWriteTokens: 4_000,
      microDollars: 2 * each,
      turns: 2,
    });
  });

  it("is set aside and saved before the call goes out", async () => {
    const stage = await openStage(() => {
      // The server sees the call only when the reservation is already with whoever keeps it.
      expect(stage.saved).toHaveLength(1);
      return done;
    });
    expect(await stage.conversation.run("Go.")).toMatchObject({ kind: "done" });
    const [reserved] = stage.saved;
    expect(reserved).toMatchObject({ turns: 1, microDollars: 0 });
    expect(reserved?.reservedTokens).toBeGreaterThan(32_000);
    expect(reserved?.reservedMicroDollars).toBeGreaterThan(320_000);
    expect(stage.budget.spend).toMatchObject({ turns: 1, reservedTokens: 0, reservedMicroDollars: 0 });
  });

  it("a call that an earlier attempt had under way when it died counts as spent", async () => {
    const { budget, conversation } = await openStage([done], {
      spend: { reservedTokens: 40_000, reservedMicroDollars: 350_000, microDollars: 1_000, turns: 3 },
    });
    expect(budget.spend).toMatchObject({ microDollars: 351_000, unconfirmedTokens: 40_000, reservedMicroDollars: 0 });
    await conversation.run("Go.");
    expect(budget.spend.turns).toBe(4);
  });

  it.each([
    ["turns", { turns: 2 }, "budget", /2 of 2 calls/],
    ["microDollars", { microDollars: 30_000 }, "budget", /\$0\.0246 of \$0\.0300/],
    ["tokens", { tokens: 15_000 }, "budget", /13000 of 15000 tokens/],
  ])("at the limit of %s no further call is made", async (_, limits, failureClass, message) => {
    const { api, conversation } = await openStage(() => ({ tools: [echo("x")], usage }), { limits });
    expect(await conversation.run("Go.")).toMatchObject({
      kind: "failed",
      failure: { class: failureClass, message: expect.stringMatching(message) },
    });
    expect(api.requests).toHaveLength(2);
  });

  it("time counts too, that of earlier attempts included, and running out of it is a timeout", async () => {
    const stage = await openStage(
      () => {
        stage.clock.now += 20_000;
        return { tools: [echo("x")] };
      },
      { limits: { wallClockMs: 60_000 }, spend: { wallClockMs: 30_000 } },
    );
    expect(await stage.conversation.run("Go.")).toMatchObject({ kind: "failed", failure: { class: "timeout" } });
    expect(stage.api.requests).toHaveLength(2);
    expect(stage.budget.spend.wallClockMs).toBe(70_000);
  });

  it("makes the last answers shorter, so that no call goes far beyond it", async () => {
    const { api, conversation } = await openStage([{ tools: [echo("x")], usage }, done], {
      limits: { microDollars: 200_000 },
    });
    await conversation.run("Go.");
    const [first, second] = api.requests.map(({ body }) => body.max_tokens);
    expect(first).toBeLessThan(20_000);
    expect(second).toBeLessThan(first ?? 0);
    expect(second).toBeGreaterThan(1_024);
  });

  it.each([
    ["still", 4, 1],
    ["no longer", 6, 20],
  ])("counts what the provider's cache %s holds after %i minutes in a tool", async (_, minutes, factor) => {
    const large = { ...usage, cache_creation_input_tokens: 400_000 };
    const slow = defineTool({
      name: "wait",
      input: z.object({}),
      async run() {
        stage.clock.now += minutes * 60_000;
        return { text: "waited" };
      },
    });
    const stage = await openStage([{ tools: [{ name: "wait", input: {} }], usage: large }, done], {
      tools: [slow],
      limits: { microDollars: 100_000_000 },
    });
    await stage.conversation.run("Go.");
    const [first, second] = stage.saved.map(({ reservedMicroDollars }) => reservedMicroDollars);
    // Read from the cache it is a twentieth of the price of an input, and of what it costs to write it anew a twenty-fifth.
    const promptCost = (second ?? 0) - (first ?? 0);
    expect(promptCost).toBeGreaterThan(40_000 * factor);
    expect(promptCost).toBeLessThan(60_000 * factor);
  });

  it("is told to the model once for each limit, when most of it is used", async () => {
    const { api, conversation, lines } = await openStage(
      [{ tools: [echo("a")] }, { tools: [echo("b")] }, { tools: [echo("c")] }, done],
      { limits: { turns: 5 }, spend: { turns: 1 } },
    );
    await conversation.run("Go.");
    const warnings = api.requests.map(
      (_, request) => said(api, request, -1).filter((text) => /budget/.test(text)).length,
    );
    expect(warnings).toEqual([0, 0, 0, 1]);
    expect(lines.filter((line) => /budget/.test(line))).toHaveLength(1);
  });
});

describe("the keeper of the budget", () => {
  it("does not make a call whose reservation could not be saved", async () => {
    const budget = openBudget({
      limits: { tokens: 1e6, microDollars: 1e6, turns: 10, wallClockMs: 1e6 },
      spend: nothingSpent,
      now: () => startOfTime,
      save: () => Promise.reject(new Error("nobody there")),
    });
    const model = { price: { input: 1, output: 1, cacheRead: 1, cacheWrite: 1 } };
    const call = { model, cachedTokens: 0, newTokens: 1, maxOutputTokens: 1 };
    await expect(budget.reserve(call)).rejects.toThrow("nobody there");
  });

  it("keeps its numbers whole: what is stored is what it began with", async () => {
    const stored: Spend[] = [];
    const { budget, conversation } = await openStage([done]);
    await conversation.run("Go.");
    stored.push(JSON.parse(JSON.stringify(budget.spend)));
    const next = openBudget({ limits: budget.limits, spend: stored[0] as Spend, now: () => startOfTime });
    expect(next.spend).toEqual(budget.spend);
  });
});
