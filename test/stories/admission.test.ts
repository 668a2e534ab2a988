import { beforeAll, describe, expect, it } from "vitest";
import { hold } from "../support/fault-proxy.ts";
import { checkInvariants } from "../support/invariants.ts";
import { useRemote } from "../support/remote.ts";
import { call, tasksPath, untilSettled, useStack } from "../support/stack.ts";

const stack = useStack();
const remote = useRemote();
const workspace = "/api/orchestrator/workspaces/default";
const reason = { reason: "the test says so" };

const ask = (over: Record<string, unknown> = {}) =>
  call(stack, "POST", tasksPath, {
    repository: remote.url,
    prompt: "Mend the test",
    agent: { kind: "model" },
    delayMs: 3_600_000,
    ...over,
  });
const tasksThere = async () => (await call(stack, "GET", tasksPath)).body.tasks.length;

it("a model agent without a credential is refused, and told how to set one", async () => {
  const answer = await ask();
  expect(answer).toMatchObject({ status: 422, body: { code: "credential_not_found" } });
  expect(answer.body.detail).toMatch(/PUT \/api\/orchestrator\/workspaces\/default\/credentials\/anthropic/);
  await call(stack, "PUT", `${workspace}/credentials/git`, { token: "a-git-token" });
  const git = await ask({ agent: { kind: "model", credential: "git" } });
  expect(git).toMatchObject({ status: 422, body: { code: "credential_not_found" } });
  expect(git.body.detail).toMatch(/is not for a model/);
  expect(await tasksThere()).toBe(0);
});

describe("with a credential", () => {
  beforeAll(async () => {
    const set = await call(stack, "PUT", `${workspace}/credentials/anthropic`, { token: "sk-test", model: {} });
    expect(set.status).toBe(204);
  });

  it.each([
    ["an unknown model", { agent: { kind: "model", model: "gpt" } }, 422, "model_unknown", /Known are: claude-/],
    ["an unknown type", { agent: { kind: "model", type: "boss" } }, 400, "invalid_request", /type/],
    ["an unknown profile", { gates: { profile: "lax" } }, 400, "invalid_request", /Choose strict, standard/],
    ["an empty list of gates", { gates: { gates: [] } }, 400, "invalid_request", /Name at least one/],
    ["a gate that cannot be", { gates: { gates: ["Rm -rf"] } }, 400, "invalid_request", /cannot be a gate/],
    [
      "a review without a model",
      { agent: { kind: "command", command: ["true"] }, gates: { profile: "strict" } },
      400,
      "invalid_request",
      /needs a model agent/,
    ],
    ["a budget for nothing", { limits: { dollars: 0.000_001 } }, 422, "budget_too_small", /about \d+ tokens/],
    ["a budget without turns", { limits: { turns: 0 } }, 400, "invalid_request", /turns/],
    ["too few tokens", { limits: { tokens: 100 } }, 422, "budget_too_small", /first call/],
    ["too large an estimate", { estimatedTokens: 500_001 }, 422, "work_too_large", /500001 tokens.*500000/],
  ])("%s is refused with what is wrong, and nothing is queued", async (_name, over, status, code, detail) => {
    const before = await tasksThere();
    const answer = await ask(over);
    expect(answer).toMatchObject({ status, body: { code } });
    expect(JSON.stringify(answer.body)).toMatch(detail);
    expect(await tasksThere()).toBe(before);
  });

  it("exactly half of the window is not too large", async () => {
    expect((await ask({ estimatedTokens: 500_000 })).status).toBe(201);
  });

  it("what was not named is filled in, and shown", async () => {
    const { body } = await ask({ limits: { dollars: 2 } });
    expect(body).toMatchObject({
      agent: { kind: "model", type: "worker", credential: "anthropic" },
      gates: { profile: "standard", chosenBy: "agent_type" },
      limits: { microDollars: 2_000_000, rejections: 3, wallClockMs: 3_600_000 },
    });
    expect(body.agent.model).toMatch(/^claude-/);
  });

  it("a retry asks for the same agent, gates and budget", async () => {
    const { body } = await ask({ gates: { gates: ["lint", "test"] }, limits: { dollars: 3, turns: 7, rejections: 1 } });
    await call(stack, "POST", `${tasksPath}/${body.taskId}/kill`, reason);
    const retry = await call(stack, "POST", `${tasksPath}/${body.taskId}/retry`);
    expect(retry.status).toBe(201);
    const { agent, gates, limits } = body;
    expect(retry.body).toMatchObject({ agent, gates, limits, retryOf: body.taskId });
    await call(stack, "POST", `${tasksPath}/${retry.body.taskId}/kill`, reason);
  });

  it("gates and budget can be changed while it is queued, and are judged again", async () => {
    const { body } = await ask({ limits: { dollars: 3 } });
    const path = `${tasksPath}/${body.taskId}`;
    const bad = await call(stack, "PATCH", path, { version: 1, limits: { dollars: 0.000_001 } });
    expect(bad).toMatchObject({ status: 422, body: { code: "budget_too_small" } });
    const changed = await call(stack, "PATCH", path, {
      version: 1,
      limits: { turns: 9 },
      gates: { profile: "strict" },
    });
    expect(changed.body).toMatchObject({
      version: 2,
      limits: { turns: 9, microDollars: 3_000_000 },
      gates: { profile: "strict" },
    });
  });
});

describe("YOLO", () => {
  const yolo = { reason: "a typo in the docs" };
  const command = { kind: "command", command: ["sh", "-c", "echo y > y"] };

  it("is marked on the task, warned of in every answer, and in the audit log with who, why and which gates", async () => {
    const { body } = await ask({ agent: command, delayMs: 0, gates: { gates: ["lint"] }, yolo });
    expect(body.warnings).toEqual([expect.stringMatching(/YOLO: lint skipped.*a typo in the docs/)]);
    const task = await untilSettled(stack, body.taskId);
    expect(task).toMatchObject({ status: "completed", yolo: true });
    expect((await call(stack, "GET", `${tasksPath}/${body.taskId}`)).body.warnings).toHaveLength(1);
    const [created] = await stack.cloud.table.listEvents(body.taskId, 0, 1);
    expect(created).toMatchObject({ by: task.createdBy, data: { yolo, gatesSkipped: ["lint"] } });
    await checkInvariants(stack, [body.taskId]);
  });

  it("is refused while an admin forbids it, and the act is in the audit log", async () => {
    const forbid = await call(stack, "POST", `${workspace}/forbid-yolo`, reason);
    expect(forbid.body).toMatchObject({ yoloForbidden: true, changed: true });
    const answer = await ask({ agent: command, yolo });
    expect(answer).toMatchObject({ status: 403, body: { code: "yolo_forbidden", scope: "workspace:default" } });
    const acts = await stack.cloud.table.listActs("workspace:default", 0, 100);
    expect(acts.at(-1)).toMatchObject({ type: "switch_forbid-yolo", data: { yoloForbidden: true } });
    await call(stack, "POST", `${workspace}/allow-yolo`, reason);
    expect((await ask({ agent: command, yolo })).status).toBe(201);
  });
});

describe("a message", () => {
  it("to an agent that waits is kept for it, and who said it when", async () => {
    const { body } = await ask();
    const path = `${tasksPath}/${body.taskId}/messages`;
    expect((await call(stack, "POST", path, { text: "Look at the docs first" })).status).toBe(201);
    const list = await call(stack, "GET", path);
    expect(list.body.messages).toMatchObject([{ number: 1, text: "Look at the docs first" }]);
    expect((await stack.cloud.table.getTask(body.taskId))?.messages).toBe(1);
    await checkInvariants(stack, [body.taskId]);
  });

  it.each([
    ["of nothing", { text: "  " }, 400],
    ["that is too long", { text: "x".repeat(16_385) }, 400],
  ])("%s is refused", async (_name, message, status) => {
    const { body } = await ask();
    expect((await call(stack, "POST", `${tasksPath}/${body.taskId}/messages`, message)).status).toBe(status);
  });

  it("to a command is refused, and to a task that has ended", async () => {
    const command = await ask({ agent: { kind: "command", command: ["true"] } });
    const path = `${tasksPath}/${command.body.taskId}`;
    const deaf = await call(stack, "POST", `${path}/messages`, { text: "hello" });
    expect(deaf).toMatchObject({ status: 409, body: { code: "agent_is_deaf" } });
    await call(stack, "POST", `${path}/kill`, reason);
    const ended = await call(stack, "POST", `${path}/messages`, { text: "hello" });
    expect(ended).toMatchObject({ status: 409, body: { code: "task_ended" } });
  });
});

describe("a switch that is turned between the look at it and the write of a task", () => {
  const command = { agent: { kind: "command", command: ["true"] }, delayMs: 0 };
  const turn = async (act: string) =>
    expect((await call(stack, "POST", `${workspace}/${act}`, reason)).status).toBe(200);

  /** The request has passed every check, and its write is on its way. */
  async function askWhile(over: object, act: () => Promise<void>) {
    const held = hold();
    const writes = stack.faults.DYNAMODB.on({
      operation: "TransactWriteItems",
      match: (body) => JSON.stringify(body).includes('"type":{"S":"created"}'),
      times: 1,
      do: held,
    });
    const asked = ask({ ...command, ...over });
    await held.reached;
    await act();
    held.release();
    const answer = await asked;
    writes.remove();
    return answer;
  }

  it("refuses it while the stop holds: no task is promised that could never run", async () => {
    const before = await tasksThere();
    const answer = await askWhile({}, () => turn("kill-all"));
    expect(answer).toMatchObject({ status: 503, body: { code: "admission_stopped", scope: "workspace:default" } });
    expect(await tasksThere()).toBe(before);
    await turn("release");
  });

  it("admits it under the new generation once it is released", async () => {
    const answer = await askWhile({}, async () => {
      await turn("kill-all");
      await turn("release");
    });
    expect(answer.status).toBe(201);
    const task = await untilSettled(stack, answer.body.taskId);
    const { generation } = (await call(stack, "GET", `${workspace}/switch`)).body;
    expect(task).toMatchObject({ status: "completed", admitted: { workspace: generation } });
    await checkInvariants(stack, [task.taskId]);
  });

  it("refuses one that would skip its gates, when that was forbidden", async () => {
    const answer = await askWhile({ yolo: { reason: "in a hurry" } }, () => turn("forbid-yolo"));
    expect(answer).toMatchObject({ status: 403, body: { code: "yolo_forbidden" } });
    await turn("allow-yolo");
  });
});
