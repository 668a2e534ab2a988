import { createServer } from "node:http";
import { describe, expect, it } from "vitest";
import { listen } from "../../../infra/local/aws-json.ts";
import { echo, openStage, said, startOfTime } from "./stage.ts";

const done = { text: "All done." };
const minute = 60_000;

describe("a stream that breaks", () => {
  it.each([
    ["before_headers", "an unanswered connection"],
    ["mid_stream", "a connection that is lost in the middle"],
    ["truncated", "a stream that ends without an end of the message"],
    ["error_event", "an error in the middle of the stream"],
  ] as const)("%s: after %s the same is asked again, and no tool of the lost message was run", async (fault, _) => {
    const { api, clock, conversation, used, records } = await openStage([
      { text: "I will", tools: [echo("lost")], fault },
      { text: "I will", tools: [echo("kept")] },
      done,
    ]);
    expect(await conversation.run("Go.")).toMatchObject({ kind: "done" });
    expect(used).toEqual(["kept"]);
    expect(api.requests[1]?.body).toEqual(api.requests[0]?.body);
    expect(clock.pauses).toHaveLength(1);
    expect(records("retry")).toHaveLength(1);
  });

  it("what came of it counts as spent, and what nobody knows counts as much as it could have been", async () => {
    const text = "x".repeat(1_000);
    const { budget, conversation } = await openStage([
      { text, fault: "truncated", usage: { input_tokens: 500, cache_creation_input_tokens: 0 } },
      { text, fault: "before_headers" },
      done,
    ]);
    await conversation.run("Go.");
    expect(budget.spend.turns).toBe(3);
    expect(budget.spend.inputTokens).toBe(500);
    expect(budget.spend.outputTokens).toBeGreaterThan(400);
    expect(budget.spend.unconfirmedTokens).toBeGreaterThan(32_000);
    expect(budget.spend).toMatchObject({ reservedTokens: 0, reservedMicroDollars: 0 });
  });

  it("an overload that is its first event costs nothing, as one that is the whole answer", async () => {
    const { api, budget, clock, conversation } = await openStage([{ fault: "error_first" }, done]);
    expect(await conversation.run("Go.")).toMatchObject({ kind: "done" });
    expect(api.requests).toHaveLength(2);
    expect(clock.pauses).toHaveLength(1);
    expect(budget.spend).toMatchObject({ turns: 1, unconfirmedTokens: 0 });
  });

  it("that breaks every time is a failure of the infrastructure", async () => {
    const { api, conversation } = await openStage(() => ({ text: "x", fault: "mid_stream" }));
    expect(await conversation.run("Go.")).toMatchObject({
      kind: "failed",
      failure: { class: "infrastructure", message: expect.stringMatching(/whole answer in 6 tries/) },
    });
    expect(api.requests).toHaveLength(6);
  });

  it("a server that is not there is one too, and costs nothing", async () => {
    const closed = await listen(createServer(), 0);
    await closed.close();
    const { budget, conversation } = await openStage([], { baseUrl: closed.url });
    expect(await conversation.run("Go.")).toMatchObject({ kind: "failed", failure: { class: "infrastructure" } });
    expect(budget.spend).toMatchObject({ turns: 0, microDollars: 0, unconfirmedTokens: 0 });
  });
});

describe("a server that is busy", () => {
  it.each([
    [429, "rate_limit_error"],
    [529, "overloaded_error"],
    [500, "api_error"],
    [503, "api_error"],
  ])("%i is waited for, as long as it says", async (status, type) => {
    const { api, budget, clock, conversation } = await openStage([
      { error: { status, type, headers: { "retry-after": "7" } } },
      { error: { status, type, headers: { "retry-after-ms": "250" } } },
      done,
    ]);
    expect(await conversation.run("Go.")).toMatchObject({ kind: "done" });
    expect(clock.pauses).toEqual([7_000, 250]);
    expect(api.requests).toHaveLength(3);
    expect(budget.spend.turns).toBe(1);
  });

  it("is waited for longer and longer where it does not say, five minutes in all, then the task waits instead", async () => {
    const { api, clock, budget, conversation } = await openStage(() => ({
      error: { status: 529, type: "overloaded_error" },
    }));
    const outcome = await conversation.run("Go.");
    expect(outcome).toMatchObject({ kind: "failed", failure: { class: "provider_quota" } });
    const waitedMs = clock.pauses.reduce((sum, ms) => sum + ms, 0);
    expect(waitedMs).toBeLessThanOrEqual(5 * minute);
    expect(waitedMs).toBeGreaterThan(4 * minute);
    for (const [tries, ms] of clock.pauses.entries()) {
      const most = Math.min(30_000, 1_000 * 2 ** tries);
      expect(ms, `pause ${tries}`).toBeGreaterThanOrEqual(most / 2);
      expect(ms, `pause ${tries}`).toBeLessThanOrEqual(most);
    }
    expect(clock.pauses.length).toBe(api.requests.length - 1);
    expect(budget.spend).toMatchObject({ turns: 0, microDollars: 0 });
  });

  it("that asks for more patience than we have is not waited for: the task gets the time when to come back", async () => {
    const { clock, conversation } = await openStage([
      { error: { status: 429, type: "rate_limit_error", headers: { "retry-after": "1800" } } },
    ]);
    expect(await conversation.run("Go.")).toMatchObject({
      kind: "failed",
      failure: { class: "provider_quota", retryAt: startOfTime + 30 * minute },
    });
    expect(clock.pauses).toEqual([]);
  });
});

describe("a server that is busy while time runs out", () => {
  it("is not waited for beyond the time that the task has", async () => {
    const busy = { error: { status: 529, type: "overloaded_error", headers: { "retry-after": "60" } } };
    const { clock, conversation } = await openStage(() => busy, { limits: { wallClockMs: 100_000 } });
    expect(await conversation.run("Go.")).toMatchObject({ kind: "failed", failure: { class: "provider_quota" } });
    expect(clock.pauses).toEqual([60_000]);
  });
});

it("what a provider says is shown without the key, also where it is cut in the middle of it", async () => {
  for (const [at, error] of [
    [285, { status: 400, type: "invalid_request_error" }],
    [270, { status: 500, type: "api_error" }],
  ] as const) {
    const { api, conversation } = await openStage((_, turn) => {
      if (turn > 0) throw new Error("it went on");
      return { error: { ...error, message: `${"x".repeat(at)} ${api.key}`, headers: { "retry-after": "1800" } } };
    });
    const outcome = await conversation.run("Go.");
    expect(outcome).toMatchObject({ kind: "failed", failure: { message: expect.stringContaining("xxx") } });
    expect(JSON.stringify(outcome)).not.toContain(api.key.slice(0, 6));
  }
});

describe("an account without credit", () => {
  it.each([
    [402, "billing_error", undefined, "Check your payment details."],
    [400, "invalid_request_error", undefined, "Your credit balance is too low to access the API."],
    [400, "invalid_request_error", undefined, "You have reached your specified API usage limits."],
    [403, "permission_error", undefined, "Your organization is over its quota."],
    [429, "rate_limit_error", "enforced_spend_limit_reached", "You have crossed your threshold."],
    [429, "rate_limit_error", "contract_spend_limit_reached", "Your contract is used up."],
  ])("%i %s %s is not waited for, and burns no attempt", async (status, type, code, message) => {
    const { clock, conversation } = await openStage([{ error: { status, type, message, ...(code ? { code } : {}) } }]);
    expect(await conversation.run("Go.")).toMatchObject({
      kind: "failed",
      failure: {
        class: "provider_quota",
        retryAt: startOfTime + 60 * minute,
        message: expect.stringContaining(message),
      },
    });
    expect(clock.pauses).toEqual([]);
  });

  it("is tried again when the provider has said", async () => {
    const message = "You have reached your limits. You will regain access on 2026-12-01 at 06:30 UTC.";
    const { conversation } = await openStage([{ error: { status: 400, type: "invalid_request_error", message } }]);
    const failure = { class: "provider_quota", retryAt: Date.parse("2026-12-01T06:30:00Z") };
    expect(await conversation.run("Go.")).toMatchObject({ kind: "failed", failure });
  });
});

describe("what no other try will mend", () => {
  it("a wrong key is a poison that names the credential, and not the key", async () => {
    const apiKey = "sk-ant-api03-CANARY-of-a-wrong-key";
    const { conversation, transcript } = await openStage([], { apiKey });
    const outcome = await conversation.run("Go.");
    expect(outcome).toMatchObject({
      kind: "failed",
      failure: { class: "poison", message: expect.stringMatching(/model credential/) },
    });
    expect(JSON.stringify(outcome)).not.toContain("CANARY");
    expect(transcript.read().toString()).not.toContain("CANARY");
  });

  it("a key that cannot be sent is a failure that does not tell it", async () => {
    const apiKey = "sk-ant-api03-CANARY\nof-two-lines";
    const { api, conversation, transcript, lines } = await openStage([], { apiKey });
    const outcome = await conversation.run("Go.");
    expect(outcome).toMatchObject({
      kind: "failed",
      failure: { class: "infrastructure", message: expect.stringContaining("[model key]") },
    });
    expect(JSON.stringify(outcome) + transcript.read().toString() + lines.join()).not.toMatch(/CANARY|of-two-lines/);
    expect(api.requests).toHaveLength(0);
  });

  it.each([
    [403, "permission_error", "poison", /claude-sonnet-5-5/],
    [404, "not_found_error", "poison", /does not know claude-sonnet-5-5/],
    [400, "invalid_request_error", "agent_error", /refuses the request/],
  ])("%i is final", async (status, type, failureClass, message) => {
    const { api, conversation } = await openStage([{ error: { status, type, message: "no" } }]);
    expect(await conversation.run("Go.")).toMatchObject({
      kind: "failed",
      failure: { class: failureClass, message: expect.stringMatching(message) },
    });
    expect(api.requests).toHaveLength(1);
  });

  it("an answer that repeats the key is told without it", async () => {
    const stage = await openStage(() => ({
      error: { status: 400, type: "invalid_request_error", message: `you sent ${stage.api.key}` },
    }));
    const outcome = await stage.conversation.run(`My key is ${stage.api.key}.`);
    expect(outcome).toMatchObject({ failure: { message: expect.stringContaining("you sent [model key]") } });
    expect(stage.transcript.read().toString()).toContain("My key is [model key].");
    expect(stage.transcript.read().toString() + stage.lines.join()).not.toContain(stage.api.key);
  });
});

describe("a stop", () => {
  it("ends a call that is under way at once, and hangs up", async () => {
    const never = new Promise(() => undefined);
    const { api, conversation, stop, budget } = await openStage([{ text: "slow", gate: never }]);
    const running = conversation.run("Go.");
    await api.reached(0);
    stop.abort();
    expect(await running).toEqual({ kind: "stopped" });
    await expect.poll(() => api.hungUp()).toBe(1);
    expect(budget.spend.unconfirmedTokens + budget.spend.inputTokens).toBeGreaterThan(0);
  });

  it("before the first call asks nobody", async () => {
    const { api, conversation, stop } = await openStage([done]);
    stop.abort();
    expect(await conversation.run("Go.")).toEqual({ kind: "stopped" });
    expect(api.requests).toHaveLength(0);
  });

  it("between two tools leaves the second alone", async () => {
    const stage = await openStage([{ tools: [{ name: "stop", input: {} }, echo("late")] }], {
      tools: [
        {
          name: "stop",
          limitMs: 1,
          definition: { name: "stop", input_schema: { type: "object" } },
          use: async () => {
            stage.stop.abort();
            return { text: "stopped" };
          },
        },
      ],
    });
    expect(await stage.conversation.run("Go.")).toEqual({ kind: "stopped" });
    expect(stage.used).toEqual([]);
    expect(said(stage.api, 0, -1)).toEqual(["Go."]);
  });
});
