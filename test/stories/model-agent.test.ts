import { expect, it } from "vitest";
import { checkInvariants } from "../support/invariants.ts";
import { bash, done, failingProject, mend, useModel } from "../support/model.ts";
import { drover, useRemote } from "../support/remote.ts";
import { call, tasksPath, until, untilSettled, untilStatus, untilTask, useStack } from "../support/stack.ts";

const stack = useStack();
const remote = useRemote({ "AGENTS.md": "Always add one, never two.\n", ...failingProject });
const model = useModel(stack);

it("a failing test is mended: the model reads, changes and runs it, and the branch holds the change", async () => {
  model.script = [{ text: "I look first.", tools: [bash("cat add.mjs")] }, { tools: [mend] }, done];
  const taskId = await model.submit({ repository: remote.url });
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
  expect(log).toContain("It is done.");
  const everything = JSON.stringify([body, transcript, log, await stack.cloud.table.listEvents(taskId, 0, 100)]);
  expect(everything).not.toContain(model.api.key);
  await checkInvariants(stack, [taskId]);
});

it("the model is told of the repository's own rules, in the words of the base commit", async () => {
  model.script = [{ tools: [mend] }, done];
  await untilSettled(stack, await model.submit({ repository: remote.url }));
  const { system } = model.api.requests.at(-1)?.body ?? {};
  expect(JSON.stringify(system)).toContain("Always add one, never two.");
});

it("a person speaks to a running agent, which hears it before its next turn", async () => {
  const gate = Promise.withResolvers<void>();
  model.script = (_, turn) => [{ tools: [mend], gate: gate.promise }, { tools: [bash("true")] }, done][turn] ?? done;
  const taskId = await model.submit({ repository: remote.url });
  await untilStatus(stack, taskId, "running");
  const sent = await call(stack, "POST", `${tasksPath}/${taskId}/messages`, { text: "Mind the gap" });
  expect(sent.status).toBe(201);
  await until("a beat has told of the message", async () => {
    const [attempt] = await stack.cloud.table.listAttempts(taskId);
    return attempt?.inbox === 1 && (attempt.beat?.seq ?? 0) > 2;
  });
  gate.resolve();
  await untilSettled(stack, taskId);
  expect(JSON.stringify(model.api.requests.at(-1)?.body.messages)).toContain("Mind the gap");
  await checkInvariants(stack, [taskId]);
});

it("a kill during a call of the model ends the call, and nothing is pushed", async () => {
  const gate = Promise.withResolvers<void>();
  const asked = model.api.requests.length;
  model.script = () => ({ tools: [mend], gate: gate.promise });
  const taskId = await model.submit({ repository: remote.url });
  await model.api.reached(asked);
  const hungUp = model.api.hungUp();
  await call(stack, "POST", `${tasksPath}/${taskId}/kill`, { reason: "enough" });
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "killed", stopConfirmation: "stopped" });
  await until("the call was broken off", async () => model.api.hungUp() > hungUp);
  gate.resolve();
  expect(remote.git("branch", "--list", drover(taskId))).toBe("");
  await checkInvariants(stack, [taskId]);
});

it("what was spent in the last day is what the tasks have spent, while one runs and after it was killed", async () => {
  const told = async () => {
    const { hours } = (await call(stack, "GET", "/api/orchestrator/stats/hours")).body;
    return hours.reduce((sum: number, hour: { microDollars: number }) => sum + hour.microDollars, 0);
  };
  // Of a call that was under way at the end nobody knows what became.
  const spentBy = async (taskId: string) => {
    const { status, spend } = (await call(stack, "GET", `${tasksPath}/${taskId}`)).body;
    return (spend?.microDollars ?? 0) + (status === "running" ? 0 : (spend?.reservedMicroDollars ?? 0));
  };
  const gate = Promise.withResolvers<void>();
  const asked = model.api.requests.length;
  model.script = (_, turn) => (turn === 0 ? { tools: [mend] } : { tools: [mend], gate: gate.promise });
  const taskId = await model.submit({ repository: remote.url });
  await model.api.reached(asked + 1);
  const spentByAll = async () => {
    const { tasks } = (await call(stack, "GET", tasksPath)).body;
    const spent = await Promise.all(tasks.map((task: { taskId: string }) => spentBy(task.taskId)));
    return spent.reduce((sum, one) => sum + one, 0);
  };
  const whileItRuns = await spentBy(taskId);
  expect(whileItRuns).toBeGreaterThan(0);
  expect(await told()).toBe(await spentByAll());
  await call(stack, "POST", `${tasksPath}/${taskId}/kill`, { reason: "enough" });
  await untilTask(stack, taskId, "is cleaned up", ({ stopConfirmation }) => stopConfirmation !== undefined);
  gate.resolve();
  expect(await spentBy(taskId)).toBeGreaterThan(whileItRuns);
  expect(await told()).toBe(await spentByAll());
});

it("a skill that the repository does not have fails the task, and names those that it has", async () => {
  const task = await untilSettled(
    stack,
    await model.submit({ repository: remote.url, agent: { kind: "model", skills: ["release"] } }),
  );
  expect(task).toMatchObject({ status: "failed", failure: { class: "poison" } });
  expect(task.failure?.message).toMatch(/names the skill "release"/);
});

it("a wrong key fails the task at once, and says which credential to set", async () => {
  await call(stack, "PUT", "/api/orchestrator/workspaces/default/credentials/wrong", {
    token: "sk-not-the-key",
    model: { baseUrl: model.api.url },
  });
  const task = await untilSettled(
    stack,
    await model.submit({ repository: remote.url, agent: { kind: "model", credential: "wrong" } }),
  );
  expect(task).toMatchObject({ status: "failed", attempt: 1, failure: { class: "poison" } });
  expect(task.failure?.message).toMatch(/credential/);
  expect(task.failure?.message).not.toContain("sk-not-the-key");
});

it("a credential that lost its model before the start fails the task at once, and says what to set", async () => {
  const credential = "/api/orchestrator/workspaces/default/credentials/replaced";
  await call(stack, "PUT", credential, { token: "sk-a-key", model: { baseUrl: model.api.url } });
  const pause = { until: Date.now() + 3_600_000, lengthMs: 3_600_000, saidBy: "tsk_0" } as const;
  await stack.cloud.table.pauseProvider("default", "replaced", pause);
  const taskId = await model.submit({ repository: remote.url, agent: { kind: "model", credential: "replaced" } });
  await untilTask(stack, taskId, "is held back", ({ due }) => due !== undefined);
  await call(stack, "PUT", credential, { token: "a-token-for-git" });
  await call(stack, "POST", `${credential}/resume`, { reason: "we have paid" });
  const task = await untilSettled(stack, taskId);
  expect(task).toMatchObject({ status: "failed", attempt: 1, failure: { class: "poison" } });
  expect(task.failure?.message).toMatch(/replaced .* is not for a model\. Set it again/);
  await checkInvariants(stack, [taskId]);
});
