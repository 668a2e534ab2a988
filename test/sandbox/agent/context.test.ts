import type { MessageCreateParamsStreaming } from "@anthropic-ai/sdk/resources/messages/messages";
import { describe, expect, it } from "vitest";
import type { Turn } from "../../support/messages-api.ts";
import { echo, openStage, said } from "./stage.ts";

/** The server counts four characters to a token. */
const result = (tokens: number) => echo("word", tokens);
const isSummaryCall = ({ messages }: MessageCreateParamsStreaming) =>
  JSON.stringify(messages.at(-1)).includes("about to be shortened");

/** So many tool calls, each preceded by a thought, then the end; a call for a summary gets one. */
function work(results: number[], summary: Turn = { text: "Summary: all is well." }) {
  let next = 0;
  return (request: MessageCreateParamsStreaming): Turn => {
    if (isSummaryCall(request)) return summary;
    const tokens = results[next];
    next += 1;
    return tokens === undefined ? { text: "All done." } : { thinking: `Thought ${next}.`, tools: [result(tokens)] };
  };
}

describe("at four fifths of the window", () => {
  it("old results are shortened, thoughts go with them, and no model is asked where that is enough", async () => {
    const { api, conversation, records, lines } = await openStage(work(Array(9).fill(2_000)), {
      model: { contextWindowTokens: 20_000 },
    });
    expect(await conversation.run("The task.")).toMatchObject({ kind: "done" });
    expect(api.requests).toHaveLength(10);
    const [compacted, ...others] = records("compacted");
    expect(others).toEqual([]);
    expect(compacted).toMatchObject({
      how: "shortened",
      beforeTokens: expect.any(Number),
      afterTokens: expect.any(Number),
    });
    expect(compacted?.freedPercent).toBeGreaterThanOrEqual(40);
    expect(compacted?.freedPercent).toBeLessThanOrEqual(60);
    expect(lines.filter((line) => /% freed/.test(line))).toHaveLength(1);
    const sizes = api.requests.map(({ body }) => JSON.stringify(body.messages).length);
    const at = sizes.findIndex((size, index) => size < (sizes[index - 1] ?? 0));
    expect(said(api, at, 2)).toEqual([expect.stringMatching(/^(word)+\n\[drover: \d+ characters of this old result/)]);
    expect(said(api, at, -1)[0]).toHaveLength(8_000);
    expect(JSON.stringify(api.requests[at]?.body.messages)).not.toContain("Thought");
    expect(JSON.stringify(api.requests[at - 1]?.body.messages)).toContain("Thought 1.");
  });

  it("a summary takes the place of all but the newest where shortening is not enough", async () => {
    const { api, conversation, records } = await openStage(work([4_000, 4_000, 4_000, 4_000, 4_000]), {
      model: { contextWindowTokens: 20_000 },
    });
    expect(await conversation.run("The task.")).toMatchObject({ kind: "done" });
    const asked = api.requests.findIndex(({ body }) => isSummaryCall(body));
    expect(api.requests[asked]?.body.max_tokens).toBe(8_000);
    const messages = api.requests[asked + 1]?.body.messages ?? [];
    expect(said(api, asked + 1, 0)).toEqual([expect.stringMatching(/^The task\.[\s\S]*Summary: all is well\./)]);
    expect(messages[1]?.role).toBe("assistant");
    expect(messages.at(-1)).toMatchObject({ role: "user", content: [{ type: "tool_result" }] });
    expect(records("compacted")).toMatchObject([{ how: "summarized" }]);
    const freed = records("compacted")[0]?.freedPercent;
    expect(freed).toBeGreaterThanOrEqual(40);
    expect(freed).toBeLessThanOrEqual(80);
    // What is summarized once is known to the next attempt as well.
    expect(conversation.recap().summary).toMatch(/Summary: all is well\./);
  });

  it("asks for the summary behind the very words that are cached", async () => {
    const { conversation, records } = await openStage(work([4_000, 4_000, 4_000, 4_000, 4_000]), {
      model: { contextWindowTokens: 20_000 },
    });
    await conversation.run("The task.");
    const calls = records("call").map(({ used }) => used as Record<string, number>);
    const largest = calls.reduce((most, call) => ((call.cacheRead ?? 0) > (most.cacheRead ?? 0) ? call : most));
    expect(largest.cacheRead).toBeGreaterThan(11_000);
    expect(largest.input).toBe(0);
  });

  it("words that were not answered yet are not lost when only a summary is left", async () => {
    const stage = await openStage(
      (request, number) => {
        if (isSummaryCall(request)) return { text: "Summary." };
        if (number === 0) stage.inbox.push("Do not touch the lockfile.");
        return number === 0 ? { tools: [result(17_000)] } : { text: "All done." };
      },
      { model: { contextWindowTokens: 20_000 } },
    );
    expect(await stage.conversation.run("The task.")).toMatchObject({ kind: "done" });
    expect(said(stage.api, 2, 0).join()).toMatch(/Do not touch the lockfile\./);
    expect(stage.api.requests[2]?.body.messages).toHaveLength(1);
  });

  it("a model that uses a tool instead of writing a summary is summed up by its steps", async () => {
    const { api, conversation } = await openStage(work([4_000, 4_000, 4_000, 4_000, 4_000], { tools: [echo("no")] }), {
      model: { contextWindowTokens: 20_000 },
    });
    expect(await conversation.run("The task.")).toMatchObject({ kind: "done" });
    const asked = api.requests.findIndex(({ body }) => isSummaryCall(body));
    expect(said(api, asked + 1, 0).join()).toMatch(/- echo say=word times=4000/);
  });

  it("a summary that cannot be had for lack of quota ends the attempt as any call would", async () => {
    const { conversation } = await openStage(
      work([4_000, 4_000, 4_000, 4_000, 4_000], { error: { status: 402, type: "billing_error" } }),
      { model: { contextWindowTokens: 20_000 } },
    );
    expect(await conversation.run("The task.")).toMatchObject({ failure: { class: "provider_quota" } });
  });
});

describe("at nineteen twentieths of the window", () => {
  it("a fresh conversation begins with the task, the summary and the notes", async () => {
    const { api, conversation, notes, records } = await openStage(work([19_500]), {
      model: { contextWindowTokens: 20_000 },
    });
    await notes.tool.use({ text: "Plan: step 2 of 3." }, new AbortController().signal);
    expect(await conversation.run("The task.")).toMatchObject({ kind: "done" });
    expect(api.requests).toHaveLength(3);
    expect(api.requests[2]?.body.messages).toHaveLength(1);
    expect(said(api, 2, 0).join("\n")).toMatch(/^The task\.[\s\S]*Summary: all[\s\S]*Plan: step 2 of 3\.[\s\S]*Go on/);
    expect(records("rotated")).toMatchObject([{ how: "begun anew", beforeTokens: expect.any(Number) }]);
  });

  it("so does one where the last compaction freed too little", async () => {
    const long = { text: "Summary. ".repeat(2_200) };
    let summaries = 0;
    const { api, conversation, records } = await openStage(
      (request) => {
        if (isSummaryCall(request)) {
          summaries += 1;
          return summaries === 1 ? long : { text: "Short." };
        }
        return api.requests.length < 5 ? { tools: [result(4_000)] } : { text: "All done." };
      },
      { model: { contextWindowTokens: 20_000 } },
    );
    expect(await conversation.run("Task. ".repeat(6_000))).toMatchObject({ kind: "done" });
    expect(records("compacted")).toHaveLength(1);
    expect(records("rotated")).toHaveLength(1);
    expect(summaries).toBe(2);
  });

  it("a task that fills the window by itself cannot be done", async () => {
    const { conversation } = await openStage(work([]), { model: { contextWindowTokens: 10_000 } });
    expect(await conversation.run("Task. ".repeat(7_000))).toMatchObject({
      kind: "failed",
      failure: { class: "poison", message: expect.stringMatching(/Split it/) },
    });
  });

  it("a server whose window is smaller than we thought gets a fresh conversation, too", async () => {
    const { api, conversation } = await openStage(work([3_000, 3_000, 3_000, 3_000]), {
      server: { windowTokens: 8_000 },
    });
    expect(await conversation.run("The task.")).toMatchObject({ kind: "done" });
    const asked = api.requests.flatMap(({ body }, index) => (isSummaryCall(body) ? [index] : []));
    // The first was too long as well; the second has lost the old results.
    expect(asked).toHaveLength(2);
    expect(said(api, asked[1] ?? 0, 2)[0]).toMatch(/characters of this old result/);
  });
});

describe("thoughts that the provider does not accept any more", () => {
  const message =
    "messages.1.content.0: Invalid `signature` in `thinking` block. The block is bound to a different conversation.";
  const error = { status: 400, type: "invalid_request_error", message };

  it("are left out, and the same is asked again", async () => {
    const { api, conversation } = await openStage([
      { thinking: "Hm.", tools: [echo("x")] },
      { error },
      { text: "All done." },
    ]);
    expect(await conversation.run("Go.")).toMatchObject({ kind: "done" });
    expect(said(api, 1, 1)).toEqual(["thinking", "tool_use"]);
    expect(said(api, 2, 1)).toEqual(["tool_use"]);
  });

  it("are a failure where there are none", async () => {
    const { conversation } = await openStage(() => ({ error }));
    expect(await conversation.run("Go.")).toMatchObject({ kind: "failed", failure: { class: "agent_error" } });
  });
});
