import { afterAll, beforeAll, expect, it } from "vitest";
import { checkInvariants } from "../support/invariants.ts";
import { type MessagesApi, type Script, startMessagesApi } from "../support/messages-api.ts";
import { drover, useRemote } from "../support/remote.ts";
import { call, tasksPath, until, untilSettled, untilStatus, useStack } from "../support/stack.ts";

const stack = useStack();
const remote = useRemote({
  "AGENTS.md": "Always add one, never two.\n",
  "package.json": '{ "type": "module", "scripts": { "test": "node --test" } }\n',
  "add.mjs": "export const add = (a, b) => a - b;\n",
  "add.test.mjs": [
    'import test from "node:test";',
    'import assert from "node:assert";',
    'import { add } from "./add.mjs";',
    'test("adds", () => assert.equal(add(1, 2), 3));',
    "",
  ].join("\n"),
});

let script: Script = [];
let api: MessagesApi;
beforeAll(async () => {
  api = await startMessagesApi((request, number) => {
    const first = api.requests.findLastIndex(({ body }) => body.messages.length === 1);
    const turn = typeof script === "function" ? script(request, number - first) : script[number - first];
    if (!turn) throw new Error(`the script has no turn ${number - first}`);
    return turn;
  });
  await call(stack, "PUT", "/api/orchestrator/workspaces/default/credentials/anthropic", {
    token: api.key,
    model: { baseUrl: api.url },
  });
});
afterAll(() => api.close());

const bash = (command: string) => ({ name: "bash", input: { command } });
const mend = bash("sed -i 's/a - b/a + b/' add.mjs && node --test");
const done = { text: "The test passes now." };

async function submitModel(over: Record<string, unknown> = {}): Promise<`tsk_${string}`> {
  const body = { repository: remote.url, prompt: "Mend the failing test", agent: { kind: "model" }, ...over };
  const answer = await call(stack, "POST", tasksPath, body);
  if (answer.status !== 201) throw new Error(`submit answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body.taskId;
}

it("a failing test is mended: the model reads, changes and runs it, and the branch holds the change", async () => {
  script = [{ text: "I look first.", tools: [bash("cat add.mjs")] }, { tools: [mend] }, done];
  const taskId = await submitModel();
  const task = await untilSettled(stack, taskId);
  expect(task).toMatchObject({ status: "completed", publishOutcome: "pushed", attempt: 1 });
  expect(remote.git("show", `${drover(taskId)}:add.mjs`)).toBe("export const add = (a, b) => a + b;\n");

  const { body } = await call(stack, "GET", `${tasksPath}/${taskId}`);
  expect(body.spend).toMatchObject({ turns: 3, reservedTokens: 0, unconfirmedTokens: 0 });
  expect(body.spend.microDollars).toBeGreaterThan(0);
  const transcript = (await call(stack, "GET", `${tasksPath}/${taskId}/transcript`)).body as string;
  const types = transcript
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).type);
  expect(types).toEqual(expect.arrayContaining(["input", "text", "tool", "result", "call"]));
  const log = (await call(stack, "GET", `${tasksPath}/${taskId}/log`)).body;
  expect(log).toContain("The test passes now.");
  const everything = JSON.stringify([body, transcript, log, await stack.cloud.table.listEvents(taskId, 0, 100)]);
  expect(everything).not.toContain(api.key);
  await checkInvariants(stack, [taskId]);
});

it("the model is told of the repository's own rules, in the words of the base commit", async () => {
  script = [{ tools: [mend] }, done];
  await untilSettled(stack, await submitModel());
  const { system } = api.requests.at(-1)?.body ?? {};
  expect(JSON.stringify(system)).toContain("Always add one, never two.");
});

it("a person speaks to a running agent, which hears it before its next turn", async () => {
  const gate = Promise.withResolvers<void>();
  script = (_, turn) => [{ tools: [mend], gate: gate.promise }, { tools: [bash("true")] }, done][turn] ?? done;
  const taskId = await submitModel();
  await untilStatus(stack, taskId, "running");
  const sent = await call(stack, "POST", `${tasksPath}/${taskId}/messages`, { text: "Mind the gap" });
  expect(sent.status).toBe(201);
  await until("a beat has told of the message", async () => {
    const [attempt] = await stack.cloud.table.listAttempts(taskId);
    return attempt?.inbox === 1 && (attempt.beat?.seq ?? 0) > 2;
  });
  gate.resolve();
  await untilSettled(stack, taskId);
  expect(JSON.stringify(api.requests.at(-1)?.body.messages)).toContain("Mind the gap");
  await checkInvariants(stack, [taskId]);
});

it("a kill during a call of the model ends the call, and nothing is pushed", async () => {
  const gate = Promise.withResolvers<void>();
  const asked = api.requests.length;
  script = () => ({ tools: [mend], gate: gate.promise });
  const taskId = await submitModel();
  await api.reached(asked);
  const hungUp = api.hungUp();
  await call(stack, "POST", `${tasksPath}/${taskId}/kill`, { reason: "enough" });
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "killed", stopConfirmation: "stopped" });
  await until("the call was broken off", async () => api.hungUp() > hungUp);
  gate.resolve();
  expect(remote.git("branch", "--list", drover(taskId))).toBe("");
  await checkInvariants(stack, [taskId]);
});

it("a skill that the repository does not have fails the task, and names those that it has", async () => {
  const task = await untilSettled(stack, await submitModel({ agent: { kind: "model", skills: ["release"] } }));
  expect(task).toMatchObject({ status: "failed", failure: { class: "poison" } });
  expect(task.failure?.message).toMatch(/names the skill "release"/);
});

it("a wrong key fails the task at once, and says which credential to set", async () => {
  await call(stack, "PUT", "/api/orchestrator/workspaces/default/credentials/wrong", {
    token: "sk-not-the-key",
    model: { baseUrl: api.url },
  });
  const task = await untilSettled(stack, await submitModel({ agent: { kind: "model", credential: "wrong" } }));
  expect(task).toMatchObject({ status: "failed", attempt: 1, failure: { class: "poison" } });
  expect(task.failure?.message).toMatch(/credential/);
  expect(task.failure?.message).not.toContain("sk-not-the-key");
});
