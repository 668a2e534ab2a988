import { describe, expect, it } from "vitest";
import { credentialRequest, decideStart, taskRequest, titleOf } from "../../functions/core/requests.ts";

const good = { repository: "/r", prompt: "Do it", agent: { kind: "command", command: ["true"] } };

describe("a task request", () => {
  it("has its defaults filled in", () => {
    expect(taskRequest.parse(good)).toMatchObject({ priority: 5, maxAttempts: 3, limits: {}, backend: "default" });
  });

  it.each([
    ["an unknown field", { ...good, promt: "x" }, "promt"],
    ["an unknown limit", { ...good, limits: { wallClock: 1 } }, "wallClock"],
    ["an empty prompt", { ...good, prompt: " \n" }, "say in words"],
    ["a prompt that is too long", { ...good, prompt: "x".repeat(65_537) }, "65536"],
    ["no command", { ...good, agent: { kind: "command", command: [] } }, "at least the program"],
    ["a blank program", { ...good, agent: { kind: "command", command: [" "] } }, "is empty"],
    ["a NUL in an argument", { ...good, agent: { kind: "command", command: ["a", "b\0"] } }, "NUL"],
    ["priority 11", { ...good, priority: 11 }, "10"],
    ["a priority as text", { ...good, priority: "5" }, "number"],
    ["a branch over two lines", { ...good, branch: "a\nb" }, "control characters"],
    ["half a character", { ...good, prompt: "a\ud800b" }, "well-formed"],
    ["a credential that cannot exist", { ...good, credential: "A/b" }, "lower-case"],
    ["an agent nobody knows", { ...good, agent: { kind: "magic" } }, "command"],
  ])("is refused with %s", (_name, body, words) => {
    const result = taskRequest.safeParse(body);
    expect(result.success).toBe(false);
    expect(result.error?.message).toContain(words);
  });
});

it.each([
  ["Fix it\n\nMore words", "Fix it"],
  ["  many   spaces ", "many spaces"],
  ["x".repeat(200), `${"x".repeat(119)}…`],
])("the title of %j is its first line", (prompt, title) => expect(titleOf(prompt)).toBe(title));

describe("the token of a credential", () => {
  it("loses the line break that came with it when it was copied", () => {
    expect(credentialRequest.parse({ token: " sk-ant-1\r\n" }).token).toBe("sk-ant-1");
  });

  it.each(["sk-\nant", "sk ant", "sk-\0", "sk-\u{e9}", "sk\u2028ant", "", " \n"])("may not be %j", (token) => {
    expect(credentialRequest.safeParse({ token }).success).toBe(false);
  });
});

it("may start 30 days from now and no later, however that is said", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  const thirtyDaysMs = 2_592_000_000;
  expect(decideStart({}, now)).toEqual({ kind: "from", at: now });
  expect(decideStart({ delayMs: thirtyDaysMs }, now)).toEqual({ kind: "from", at: now + thirtyDaysMs });
  expect(decideStart({ notBefore: "2026-01-31T00:00:00Z" }, now)).toEqual({ kind: "from", at: now + thirtyDaysMs });
  const late = decideStart({ notBefore: "2026-01-31T00:00:01Z" }, now);
  expect(late).toMatchObject({
    kind: "refused",
    why: expect.stringMatching(/2592001000 ms .*2592000000 ms .*2026-01-31T00:00:00/),
  });
});

it("may start after a delay or not before a moment; where both are said, neither is left out silently", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  expect(decideStart({ notBefore: "2026-01-02T00:00:00Z", delayMs: 5 }, now)).toMatchObject({
    kind: "refused",
    why: expect.stringMatching(/notBefore 2026-01-02T00:00:00Z and delayMs 5.*one of them/),
  });
  expect(decideStart({ notBefore: "2026-01-02T00:00:00Z", delayMs: 0 }, now)).toMatchObject({ kind: "from" });
});
