import { expect, it } from "vitest";
import { agentIdOf, isTaskId, parseAgentId } from "../../functions/core/ids.ts";
import { isSameToken, signAttempt } from "../../functions/core/signing.ts";

const task = "tsk_01K0000000000000000000000A";
const first = agentIdOf(task, 1);
const token = signAttempt("secret", first);

it("an agent id names its task and its attempt", () => {
  expect(parseAgentId(agentIdOf(task, 12))).toEqual({ agentId: `${first.slice(0, -1)}12`, taskId: task, attempt: 12 });
});

it.each([
  "",
  "agt_",
  "tsk_01K0000000000000000000000A",
  "agt_01K0000000000000000000000A_0",
  "agt_01K000000000000000000000IO_1",
])("%j is not an agent id", (text) => expect(parseAgentId(text)).toBeUndefined());

it("knows a task id from other text", () => {
  expect(isTaskId(task)).toBe(true);
  expect(isTaskId(`${task}\n`)).toBe(false);
  expect(isTaskId("tsk_../../etc/passwd")).toBe(false);
});

it("a token opens the attempt that it was made for", () =>
  expect(isSameToken(signAttempt("secret", first), token)).toBe(true));

it.each([
  ["another attempt", "secret", agentIdOf(task, 2), token],
  ["another secret", "other", first, token],
  ["an empty token", "secret", first, ""],
  ["a longer token", "secret", first, `${token}A`],
] as const)("but not %s", (_name, secret, agentId, given) => {
  expect(isSameToken(signAttempt(secret, agentId), given)).toBe(false);
});
