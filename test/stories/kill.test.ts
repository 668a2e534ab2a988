import { expect, it } from "vitest";
import { agentIdOf, type TaskId } from "../../functions/core/ids.ts";
import { hold } from "../support/fault-proxy.ts";
import { checkInvariants } from "../support/invariants.ts";
import { drover, useRemote } from "../support/remote.ts";
import { call, kill, submit, tasksPath, until, untilSettled, untilStatus, useStack } from "../support/stack.ts";

const stack = useStack();
const remote = useRemote();
const endless = ["sh", "-c", "trap '' TERM INT HUP; (setsid sleep 10000 &) ; echo started; while :; do sleep 1; done"];

const callback = (taskId: TaskId, verb: string, body: object, attempt = 1) => {
  const agentId = agentIdOf(taskId, attempt);
  const token = stack.cloud.tokenOf(agentId);
  return call(stack, "POST", `/api/orchestrator/attempts/${agentId}/${verb}`, body, { "x-drover-token": token });
};
const pushed = (taskId: TaskId) => remote.git("branch", "--list", `${drover(taskId)}*`) !== "";

it("killed while queued: it never starts", async () => {
  const claims = stack.faults.DYNAMODB.on({
    operation: "TransactWriteItems",
    match: (body) => JSON.stringify(body).includes('"claimed"'),
    do: { kind: "error", type: "TransactionConflictException", message: "held back by the test" },
  });
  const taskId = await submit(stack, { repository: remote.url, command: endless });
  const answer = await kill(stack, taskId);
  expect(answer.body).toMatchObject({ stop: "not_needed", task: { status: "killed", stopConfirmation: "not_needed" } });
  claims.remove();
  await stack.local.reaper.runNow();
  expect(await stack.cloud.table.listAttempts(taskId)).toEqual([]);
  await checkInvariants(stack, [taskId]);
});

it("killed while launching: the dispatcher finds its own write refused and stops what it started", async () => {
  const held = hold();
  const rule = stack.faults.ECS.on({ operation: "RunTask", do: held });
  const taskId = await submit(stack, { repository: remote.url, command: endless });
  await held.reached;
  expect((await stack.cloud.table.getTask(taskId))?.status).toBe("launching");
  expect((await kill(stack, taskId)).body).toMatchObject({ stop: "pending", task: { status: "killed" } });
  rule.remove();
  held.release();
  await until("the sandbox was started and stopped", async () => {
    const [sandbox] = await stack.cloud.sandboxes("default").findByAgent(agentIdOf(taskId, 1));
    return sandbox?.stopped;
  });
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "killed", stopConfirmation: "stopped" });
  expect(pushed(taskId)).toBe(false);
  await checkInvariants(stack, [taskId]);
});

it("killed while running: no process lives, a late callback gets 409, nothing is pushed", async () => {
  const taskId = await submit(stack, { repository: remote.url, command: endless });
  await untilStatus(stack, taskId, "running");
  await until("the command runs", async () =>
    (await stack.cloud.table.getAttempt(agentIdOf(taskId, 1)))?.beat?.output.includes("started"),
  );
  expect((await kill(stack, taskId, "it went astray")).body).toMatchObject({ stop: "requested" });
  for (const [verb, body] of [
    ["beat", { seq: 99, step: "x", stepStartedAt: 1, output: "", outputLength: 0 }],
    ["work-done", { commit: "a".repeat(40), files: 1, additions: 1, deletions: 0 }],
    ["permit", { branch: drover(taskId) }],
    ["complete", { kind: "no_changes" }],
    ["fail", { class: "agent_error", message: "x" }],
    ["start", {}],
  ] as const) {
    expect(await callback(taskId, verb, body), verb).toMatchObject({ status: 409, body: { code: "task_ended" } });
  }
  const task = await untilSettled(stack, taskId);
  expect(task).toMatchObject({ stopConfirmation: "stopped", killed: { reason: "it went astray", from: "running" } });
  expect(pushed(taskId)).toBe(false);
  await checkInvariants(stack, [taskId]);
});

it("killed while verifying, before the permit: nothing is pushed, ever", async () => {
  const held = hold();
  const rule = stack.faults.DYNAMODB.on({
    operation: "TransactWriteItems",
    match: (body) => JSON.stringify(body).includes('"permit_granted"'),
    do: held,
    times: 1,
  });
  const taskId = await submit(stack, { repository: remote.url, command: ["sh", "-c", "echo x > x"] });
  await held.reached;
  expect((await stack.cloud.table.getTask(taskId))?.status).toBe("verifying");
  expect((await kill(stack, taskId)).status).toBe(200);
  held.release();
  rule.remove();
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "killed", killed: { from: "verifying" } });
  expect(pushed(taskId)).toBe(false);
  await checkInvariants(stack, [taskId]);
});

it("killed while pushing, before the server took it: the outcome is read from the remote as not pushed", async () => {
  const door = remote.holdPushes();
  const taskId = await submit(stack, { repository: remote.url, command: ["sh", "-c", "echo y > y"] });
  await door.reached;
  expect((await stack.cloud.table.getTask(taskId))?.status).toBe("publishing");
  expect((await kill(stack, taskId)).status).toBe(200);
  await until("the stop is confirmed", async () => (await stack.cloud.table.getTask(taskId))?.stopConfirmation);
  door.open();
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "killed", publishOutcome: "not_pushed" });
  expect(pushed(taskId)).toBe(false);
  await checkInvariants(stack, [taskId]);
});

it("killed after the push has landed: that is recorded, and the branch is taken back", async () => {
  const held = hold();
  const rule = stack.faults.DYNAMODB.on({
    operation: "TransactWriteItems",
    match: (body) => JSON.stringify(body).includes('"completed"'),
    do: held,
    times: 1,
  });
  const taskId = await submit(stack, { repository: remote.url, command: ["sh", "-c", "echo z > z"] });
  await held.reached;
  expect(pushed(taskId)).toBe(true);
  expect((await kill(stack, taskId)).status).toBe(200);
  held.release();
  rule.remove();
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "killed", publishOutcome: "pushed_before_stop" });
  expect(pushed(taskId)).toBe(false);
  await checkInvariants(stack, [taskId]);
});

it("a stop that ECS refuses is asked for again by the reaper until it is confirmed", async () => {
  const taskId = await submit(stack, { repository: remote.url, command: endless });
  await untilStatus(stack, taskId, "running");
  const rule = stack.faults.ECS.on({
    operation: "StopTask",
    do: { kind: "error", type: "ServerException", message: "not now", status: 500 },
  });
  expect((await kill(stack, taskId)).body).toMatchObject({ stop: "pending", task: { status: "killed" } });
  rule.remove();
  await until("the reaper has stopped it", async () => {
    await stack.local.reaper.runNow();
    return (await stack.cloud.table.getTask(taskId))?.stopConfirmation;
  });
  await checkInvariants(stack, [taskId]);
});

it("says so when there is nothing to kill", async () => {
  const taskId = await submit(stack, { repository: remote.url, command: ["true"] });
  await untilSettled(stack, taskId);
  const before = await stack.cloud.table.getTask(taskId);
  expect(await kill(stack, taskId)).toMatchObject({
    status: 409,
    body: { code: "task_ended", taskStatus: "completed" },
  });
  expect(await stack.cloud.table.getTask(taskId)).toEqual(before);
  expect(await kill(stack, "tsk_01K0000000000000000000000A")).toMatchObject({ status: 404 });
  expect(await call(stack, "POST", `${tasksPath}/${taskId}/kill`, { reason: " " })).toMatchObject({ status: 400 });
});
