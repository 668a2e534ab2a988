import { describe, expect, it } from "vitest";
import { echo, openStage, said } from "./stage.ts";

const done = { text: "All done." };

describe("a conversation", () => {
  it("asks the model, uses its tools one after the other, and ends with its last words", async () => {
    const { api, conversation, used } = await openStage([
      { text: "Two at once.", tools: [echo("first"), echo("second")] },
      { tools: [echo("third")] },
      done,
    ]);
    expect(await conversation.run("Say three things.")).toEqual({ kind: "done", summary: "All done." });
    expect(used).toEqual(["first", "second", "third"]);
    expect(said(api, 0, -1)).toEqual(["Say three things."]);
    expect(said(api, 1, -1)).toEqual(["first", "second"]);
    expect(said(api, 2, -1)).toEqual(["third"]);
    expect(api.requests[2]?.body.messages).toHaveLength(5);
  });

  it("goes on where it was when it is run again, as after a rejection", async () => {
    const { api, conversation } = await openStage([done, { text: "Mended." }]);
    await conversation.run("Do it.");
    expect(await conversation.run("The gate lint failed.")).toEqual({ kind: "done", summary: "Mended." });
    expect(api.requests[1]?.body.messages.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
    expect(said(api, 1, -1)).toEqual(["The gate lint failed."]);
  });

  it("gives thoughts back as they were, for the server refuses them otherwise", async () => {
    const { api, conversation } = await openStage([
      { thinking: "I think a lot about this. ".repeat(10), tools: [echo("a")] },
      { thinking: "", redacted: "c2VjcmV0", tools: [echo("b")] },
      done,
    ]);
    expect(await conversation.run("Think.")).toMatchObject({ kind: "done" });
    const first = api.requests[2]?.body.messages[1]?.content;
    expect(first).toMatchObject([
      { type: "thinking", thinking: expect.stringMatching(/^I think/) },
      { type: "tool_use" },
    ]);
    const second = api.requests[2]?.body.messages[3]?.content;
    expect(second).toMatchObject([{ type: "thinking" }, { type: "redacted_thinking", data: "c2VjcmV0" }, {}]);
    expect(api.requests[0]?.body.thinking).toEqual({ type: "adaptive", display: "summarized" });
  });

  it("reads from the provider's cache all that it has said before", async () => {
    const { conversation, records } = await openStage([
      { tools: [echo("word ", 400)] },
      { tools: [echo("word ", 400)] },
      done,
    ]);
    await conversation.run("Talk.");
    const calls = records("call").map(({ used }) => used as Record<string, number>);
    expect(calls[0]).toMatchObject({ cacheRead: 0 });
    for (const [index, call] of calls.entries()) {
      const before = calls[index - 1];
      if (!before) continue;
      expect(call.cacheRead).toBe((before.cacheRead ?? 0) + (before.cacheWrite ?? 0));
      expect(call.input).toBe(0);
    }
  });

  it("hears a person before each call, and also in the moment when it is done", async () => {
    const stage = await openStage((_, number) => {
      if (number === 0) stage.inbox.push("Use tabs.");
      if (number === 1) stage.inbox.push("And no semicolons.");
      return number === 0 ? { tools: [echo("x")] } : done;
    });
    expect(await stage.conversation.run("Write.")).toMatchObject({ kind: "done" });
    expect(said(stage.api, 1, -1)).toEqual(["x", "[drover] A person has written to you:\n\nUse tabs."]);
    expect(said(stage.api, 2, -1)).toEqual(["[drover] A person has written to you:\n\nAnd no semicolons."]);
    expect(stage.api.requests).toHaveLength(3);
  });

  it("names every step and how long it may take, for the heartbeat", async () => {
    const { conversation, steps } = await openStage([{ tools: [echo("x")] }, done]);
    await conversation.run("Go.");
    expect(steps.map(({ step }) => step)).toEqual(["asking the model", "using echo", "asking the model"]);
    for (const { limitMs } of steps) expect(limitMs).toBeGreaterThan(60_000);
  });

  it("begins with what an earlier attempt has left", async () => {
    const { api, conversation } = await openStage([done], { resume: "You were here before." });
    await conversation.run("The task.");
    expect(said(api, 0, 0)).toEqual(["The task.\n\nYou were here before."]);
  });

  it("recaps what it did without asking anybody", async () => {
    const { conversation } = await openStage([
      { text: "Looking.", tools: [{ name: "write_notes", input: { text: "1. look\n2. leap" } }] },
      { text: "Leapt." },
    ]);
    await conversation.run("Leap.");
    expect(conversation.recap()).toEqual({
      summary: "Looking.\n- write_notes text=1. look 2. leap\nLeapt.",
      notes: "1. look\n2. leap",
    });
  });
});

describe("what a model gets wrong", () => {
  it.each([
    [
      "a tool that is not there",
      { tools: [{ name: "fly", input: {} }] },
      /no tool "fly"\. There are: echo, write_notes/,
    ],
    [
      "input of the wrong shape",
      { tools: [{ name: "echo", input: { say: 3 } }] },
      /not right, so nothing was done[\s\S]*say/,
    ],
    ["an unknown field", { tools: [{ name: "echo", input: { say: "x", loud: true } }] }, /loud/],
    ["input that is no JSON", { tools: [echo("x")], rawInput: '{"say": "x' }, /not valid JSON, so nothing was done/],
    ["input that is no object", { tools: [echo("x")], rawInput: '["x"]' }, /not valid JSON/],
  ])("%s is told to it, and nothing is done", async (_, turn, message) => {
    const { api, conversation, used } = await openStage([turn, done]);
    expect(await conversation.run("Go.")).toMatchObject({ kind: "done" });
    expect(used).toEqual([]);
    expect(said(api, 1, -1)).toEqual([expect.stringMatching(message)]);
    expect(api.requests[1]?.body.messages.at(-1)?.content).toMatchObject([{ type: "tool_result", is_error: true }]);
  });

  it("a tool whose input is empty gets an empty object", async () => {
    const { api, conversation } = await openStage([{ tools: [echo("x")], rawInput: "" }, done]);
    await conversation.run("Go.");
    expect(said(api, 1, -1)).toEqual([expect.stringMatching(/say/)]);
  });
});

describe("why a model stops", () => {
  it.each(["end_turn", "stop_sequence"] as const)("%s is the end", async (stop) => {
    const { conversation } = await openStage([{ text: "Ready.", stop }]);
    expect(await conversation.run("Go.")).toEqual({ kind: "done", summary: "Ready." });
  });

  it("end_turn with a tool in it is no end", async () => {
    const { conversation, used } = await openStage([{ tools: [echo("x")], stop: "end_turn" }, done]);
    expect(await conversation.run("Go.")).toMatchObject({ kind: "done" });
    expect(used).toEqual(["x"]);
  });

  it("an empty answer is asked for again", async () => {
    const { api, conversation } = await openStage([{ text: " " }, done]);
    expect(await conversation.run("Go.")).toMatchObject({ kind: "done" });
    expect(said(api, 1, -1)).toEqual(["Go.", expect.stringMatching(/answer was empty/)]);
  });

  it("max_tokens: words that were cut off are gone on with", async () => {
    const { api, conversation } = await openStage([{ text: "A long sto", stop: "max_tokens" }, done]);
    expect(await conversation.run("Go.")).toMatchObject({ kind: "done" });
    expect(said(api, 1, -2)).toEqual(["A long sto"]);
    expect(said(api, 1, -1)).toEqual([expect.stringMatching(/cut off after \d+ tokens/)]);
  });

  it.each([
    ["whole", undefined],
    ["cut", '{"say": "tw'],
  ])("max_tokens: no tool is run, even where the last call looks %s", async (_, rawInput) => {
    const { api, conversation, used } = await openStage([
      { tools: [echo("one"), echo("two")], stop: "max_tokens", ...(rawInput ? { rawInput } : {}) },
      done,
    ]);
    expect(await conversation.run("Go.")).toMatchObject({ kind: "done" });
    expect(used).toEqual([]);
    expect(said(api, 1, -1)).toEqual([
      "No tool was run, since your answer was cut off.",
      "No tool was run, since your answer was cut off.",
      expect.stringMatching(/smaller steps/),
    ]);
  });

  it("max_tokens: thoughts alone are asked for again without them", async () => {
    const { api, conversation } = await openStage([{ thinking: "Hmm.", stop: "max_tokens" }, done]);
    expect(await conversation.run("Go.")).toMatchObject({ kind: "done" });
    expect(api.requests[1]?.body.messages).toHaveLength(1);
  });

  it("max_tokens again and again is a failure that another try may mend", async () => {
    const { api, conversation } = await openStage(() => ({ text: "A", stop: "max_tokens" }));
    expect(await conversation.run("Go.")).toMatchObject({
      kind: "failed",
      failure: { class: "agent_error", repeatable: true, message: expect.stringMatching(/cut off 5 times/) },
    });
    expect(api.requests).toHaveLength(5);
  });

  it("pause_turn goes on from the model's own words, and not for ever", async () => {
    const { api, conversation } = await openStage([{ text: "Wait", stop: "pause_turn" }, done]);
    expect(await conversation.run("Go.")).toMatchObject({ kind: "done" });
    expect(api.requests[1]?.body.messages.map(({ role }) => role)).toEqual(["user", "assistant"]);
    const endless = await openStage(() => ({ text: "Wait", stop: "pause_turn" }));
    expect(await endless.conversation.run("Go.")).toMatchObject({ kind: "failed", failure: { class: "agent_error" } });
    expect(endless.api.requests).toHaveLength(9);
  });

  it("a refusal ends the attempt for good, with what the provider said of it", async () => {
    const { conversation } = await openStage([
      { text: "I", stop: "refusal", refusal: { category: "cyber", explanation: "Looks like an attack." } },
    ]);
    expect(await conversation.run("Go.")).toMatchObject({
      kind: "failed",
      failure: {
        class: "agent_error",
        repeatable: false,
        message: expect.stringMatching(/cyber: Looks like an attack/),
      },
    });
  });

  it("a full window begins a fresh conversation with a summary of the old one", async () => {
    const { api, conversation, records } = await openStage([
      { tools: [echo("x")] },
      { text: "half an ans", stop: "model_context_window_exceeded" },
      { text: "I was at step two." },
      done,
    ]);
    expect(await conversation.run("The task.")).toMatchObject({ kind: "done" });
    expect(said(api, 2, -1)).toEqual(["x", expect.stringMatching(/about to be shortened/)]);
    expect(said(api, 3, 0).join()).toMatch(/^The task\.[\s\S]*I was at step two\.[\s\S]*Go on where you were/);
    expect(api.requests[3]?.body.messages).toHaveLength(1);
    expect(records("rotated")).toHaveLength(1);
  });

  it("a window that is always full is a failure", async () => {
    const { conversation } = await openStage(() => ({ text: "x", stop: "model_context_window_exceeded" }));
    expect(await conversation.run("Go.")).toMatchObject({ kind: "failed", failure: { class: "agent_error" } });
  });
});
