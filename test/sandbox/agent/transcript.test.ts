import { expect, it } from "vitest";
import { openTranscript } from "../../../functions/sandbox/agent/transcript.ts";
import { echo, openStage } from "./stage.ts";

const redact = (text: string) => text.replaceAll("SECRET", "[model key]");
const read = (bytes: Buffer) =>
  bytes
    .toString()
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));

it("keeps one JSON object a line, with the time", () => {
  const transcript = openTranscript({ redact, now: () => 7 });
  transcript.write({ type: "text", text: "two\nlines" });
  transcript.write({ type: "tool", name: "bash", input: { command: "ls" } });
  expect(read(transcript.read())).toEqual([
    { at: 7, type: "text", text: "two\nlines" },
    { at: 7, type: "tool", name: "bash", input: { command: "ls" } },
  ]);
});

it("cuts long texts, and says how much is missing; a secret at the cut is gone all the same", () => {
  const transcript = openTranscript({ redact, maxTextCharacters: 10 });
  transcript.write({ type: "tool", input: { deep: ["x".repeat(25)] } });
  transcript.write({ type: "text", text: "12345678SECRET" });
  expect(read(transcript.read())).toMatchObject([
    { input: { deep: [`${"x".repeat(10)}… [15 characters cut]`] } },
    { text: "12345678[m… [9 characters cut]" },
  ]);
});

it("keeps the beginning and the end within its size, and says what lies between", () => {
  const transcript = openTranscript({ redact, maxBytes: 2_000, now: () => 1 });
  for (let number = 0; number < 1_000; number++) transcript.write({ type: "text", number });
  const bytes = transcript.read();
  expect(bytes.length).toBeLessThan(2_100);
  const records = read(bytes);
  const cut = records.find(({ type }) => type === "cut");
  expect(records[0]).toMatchObject({ number: 0 });
  expect(records.at(-1)).toMatchObject({ number: 999 });
  expect(cut.records + records.length - 1).toBe(1_000);
});

it("a single record that is larger than all of it leaves a note", () => {
  const transcript = openTranscript({ redact, maxBytes: 100 });
  transcript.write({ type: "text", text: "x".repeat(1_000) });
  expect(read(transcript.read())).toMatchObject([{ type: "cut", records: 1 }]);
});

it("tells a whole conversation: input, words, tools, results, calls with their cost, and how it ended", async () => {
  const { conversation, transcript } = await openStage([
    { thinking: "Hm.", text: "I look.", tools: [echo("x")] },
    { text: "I", stop: "refusal" },
  ]);
  await conversation.run("Go.");
  const records = read(transcript.read());
  expect(records.map(({ type }) => type)).toEqual([
    "input",
    "call",
    "thinking",
    "text",
    "tool",
    "result",
    "call",
    "text",
    "failed",
  ]);
  expect(records[1]).toMatchObject({
    model: "claude-sonnet-5-5",
    stopReason: "tool_use",
    microDollars: expect.any(Number),
  });
  expect(records[5]).toMatchObject({ failed: false, text: "x", id: records[4].id });
});
