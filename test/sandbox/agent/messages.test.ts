import { describe, expect, it } from "vitest";
import {
  addUserText,
  dropThinking,
  measure,
  newestWithin,
  type Said,
  shortenResults,
  text,
  toolCallsOf,
  withBreakpoints,
} from "../../../functions/sandbox/agent/messages.ts";

/** Some turns with one to three tools each, and a person who speaks in between. */
function talk(turns: number): Said[] {
  const messages: Said[] = [{ role: "user", content: [text("The task.")] }];
  for (let turn = 0; turn < turns; turn++) {
    const ids = Array.from({ length: (turn % 3) + 1 }, (_, index) => `toolu_${turn}_${index}`);
    const thinking = { type: "thinking" as const, thinking: "Hm.", signature: "s" };
    const calls = ids.map((id) => ({ type: "tool_use" as const, id, name: "echo", input: {} }));
    const results = ids.map((id) => ({
      type: "tool_result" as const,
      tool_use_id: id,
      content: "r".repeat(turn * 150),
    }));
    messages.push({ role: "assistant", content: [thinking, ...calls] }, { role: "user", content: results });
    if (turn % 4 === 3) messages.splice(-1, 1, ...addUserText(messages.slice(-1), "A person speaks."));
  }
  return messages;
}

function unpaired(messages: readonly Said[]): string[] {
  return messages.flatMap(({ role, content }, index) => {
    if (role !== "assistant") return [];
    const answered = (messages[index + 1]?.content ?? []).flatMap((block) =>
      block.type === "tool_result" ? [block.tool_use_id] : [],
    );
    return toolCallsOf(content).flatMap(({ id }) => (answered.includes(id) ? [] : [id]));
  });
}

describe("the newest messages that fit", () => {
  const messages = talk(20);
  const sizeOf = (message: Said) => measure(message);
  const total = messages.reduce((sum, message) => sum + sizeOf(message), 0);

  it("begin with the assistant whatever the size, so that no call and no result is alone", () => {
    const lengths = new Set<number>();
    for (let room = 0; room <= total + 100; room += 37) {
      const tail = newestWithin(messages, room, sizeOf);
      lengths.add(tail.length);
      expect(tail[0]?.role ?? "assistant").toBe("assistant");
      expect(unpaired(tail)).toEqual([]);
      expect(tail.reduce((sum, message) => sum + sizeOf(message), 0)).toBeLessThanOrEqual(room);
      expect(tail).toEqual(messages.slice(messages.length - tail.length));
    }
    // Positive control: many different cuts were tried, and what a cut elsewhere would leave is found.
    expect(lengths.size).toBeGreaterThan(10);
    expect(unpaired(messages.slice(0, 2))).toEqual(["toolu_0_0"]);
  });
});

describe("a conversation that is shortened", () => {
  it("keeps every call with its result, the newest whole, and no thought behind what has changed", () => {
    const messages = talk(20);
    const shorter = dropThinking(shortenResults(messages, 4));
    expect(unpaired(shorter)).toEqual([]);
    expect(shorter.slice(-1)).toEqual(messages.slice(-1));
    expect(measure(shorter)).toBeLessThan(measure(messages) / 2);
    expect(JSON.stringify(shorter)).not.toContain("thinking");
    expect(JSON.stringify(shorter)).toContain("A person speaks.");
  });

  it("does not shorten again what is short already", () => {
    const once = shortenResults(talk(20), 0);
    expect(measure(shortenResults(once, 0))).toBeLessThanOrEqual(measure(once));
  });

  it("leaves no message without a word", () => {
    const thought: Said = { role: "assistant", content: [{ type: "redacted_thinking", data: "x" }] };
    expect(dropThinking([thought])[0]?.content).toHaveLength(1);
  });
});

describe("the breakpoints of the cache", () => {
  it("stand behind the two newest messages of the user, and change nothing else", () => {
    const messages = talk(5);
    const marked = withBreakpoints(messages);
    const at = marked.flatMap((message, index) => (JSON.stringify(message).includes("cache_control") ? [index] : []));
    expect(at).toEqual([messages.length - 3, messages.length - 1]);
    expect(JSON.parse(JSON.stringify(marked).replaceAll(',"cache_control":{"type":"ephemeral"}', ""))).toEqual(
      messages,
    );
    expect(JSON.stringify(messages)).not.toContain("cache_control");
  });
});
