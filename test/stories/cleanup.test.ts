import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { TaskEvent } from "../../functions/core/events.ts";
import { agentIdOf, type TaskId } from "../../functions/core/ids.ts";
import { changeTask } from "../../functions/flows/change-task.ts";
import { confirmStop } from "../../functions/flows/confirm-stop.ts";
import { launchDeadlineMs, launchTakesMs } from "../../functions/flows/launch-attempt.ts";
import { sandboxBase } from "../../infra/local/sandbox/disk.ts";
import { hold } from "../support/fault-proxy.ts";
import { checkInvariants, processesOf } from "../support/invariants.ts";
import { useRemote } from "../support/remote.ts";
import { call, kill, submit, until, untilSettled, untilStatus, untilTask, useStack } from "../support/stack.ts";

const stack = useStack();
const remote = useRemote();
const endless = ["sleep", "1000"];
const minute = 60_000;

const contains = (text: string) => (body: unknown) => JSON.stringify(body).includes(text);
const start = (command: string[], over: object = {}) => submit(stack, { repository: remote.url, command, ...over });
const running = async () => {
  const taskId = await start(endless);
  await untilStatus(stack, taskId, "running");
  return taskId;
};

const supervisorOf = async (taskId: TaskId) =>
  Number(await until("its supervisor runs", async () => processesOf(agentIdOf(taskId, 1)).at(0)));

async function cleanupsOf(taskId: TaskId) {
  const events = await stack.cloud.table.listEvents(taskId, 0, 100);
  return events.filter(({ type }) => type === "cleanup");
}

/** The clock of the control plane is ahead; sandboxes and stand-ins keep the real time. */
async function later<T>(aheadMs: number, act: () => Promise<T>): Promise<T> {
  const { clock } = stack.cloud;
  const { now } = clock;
  clock.now = () => now() + aheadMs;
  try {
    return await act();
  } finally {
    clock.now = now;
  }
}

const reaped = (what: string, isSo: () => Promise<boolean>) =>
  until(what, async () => {
    await stack.local.reaper.runNow();
    return isSo();
  });

it.each([
  ["completed", ["true"]],
  ["failed", ["false"]],
] as const)("a task that %s has one cleanup, after its end, that tells of each step", async (status, command) => {
  const taskId = await start([...command]);
  const task = await untilSettled(stack, taskId);
  expect(task).toMatchObject({ status, stopConfirmation: "stopped" });
  const [cleanup, ...others] = await cleanupsOf(taskId);
  expect(others).toEqual([]);
  expect(cleanup).toMatchObject({
    version: task.version,
    from: status,
    to: status,
    data: {
      agentId: agentIdOf(taskId, 1),
      steps: { sandbox: "stopped", disk: "removed_with_sandbox", slots: "released", access: "void" },
    },
  });
  const attempt = await stack.cloud.table.getAttempt(agentIdOf(taskId, 1));
  expect(attempt).toMatchObject({ cleanedUpAt: cleanup?.at, sandboxStoppedAt: cleanup?.at });
  // ECS calls a task stopped only once its disk is gone.
  const folder = join(sandboxBase(stack.dataDir), "tasks", attempt?.sandboxArn?.split("/").at(-1) ?? "none");
  expect(existsSync(folder) ? readdirSync(folder) : []).toEqual([]);
  await checkInvariants(stack, [taskId]);
});

it("the news that the sandbox of an ended task has stopped costs two reads and one write, and nothing the second time", async () => {
  const pause = "/api/orchestrator/workspaces/default";
  await call(stack, "POST", `${pause}/pause`, { reason: "the test does what a dispatcher does" });
  const taskId = await start(endless);
  const events: TaskEvent[] = [
    { type: "claimed", slots: [], leaseMs: minute },
    { type: "started", leaseMs: minute, limitMs: 60_000 },
    { type: "killed", reason: "enough", by: "key_1", cause: "kill" },
  ];
  for (const event of events) await changeTask(stack.cloud, taskId, "system:test", () => ({ event }));
  const calls: string[] = [];
  const table = new Proxy(stack.cloud.table, {
    get(target, name) {
      calls.push(String(name));
      return Reflect.get(target, name);
    },
  });
  const tell = () => confirmStop({ ...stack.cloud, table }, agentIdOf(taskId, 1), "it was told so");
  await tell();
  expect(calls.splice(0)).toEqual(["getTask", "getAttempt", "commit"]);
  await tell();
  expect(calls).toEqual(["getTask"]);
  expect(await cleanupsOf(taskId)).toHaveLength(1);
  await call(stack, "POST", `${pause}/resume`, { reason: "go on" });
});

it("a task that is killed before its first claim has no attempt, and no cleanup", async () => {
  const claims = stack.faults.DYNAMODB.on({
    operation: "TransactWriteItems",
    match: contains('"claimed"'),
    do: { kind: "error", type: "TransactionConflictException", message: "held back by the test" },
  });
  const taskId = await start(endless);
  await kill(stack, taskId);
  claims.remove();
  expect(await untilSettled(stack, taskId)).toMatchObject({ stopConfirmation: "not_needed" });
  expect(await cleanupsOf(taskId)).toEqual([]);
  await checkInvariants(stack, [taskId]);
});

it("killed while running: one cleanup, which is the confirmation of the stop", async () => {
  const taskId = await running();
  await kill(stack, taskId);
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "killed", stopConfirmation: "stopped" });
  expect(await cleanupsOf(taskId)).toHaveLength(1);
  await checkInvariants(stack, [taskId]);
});

it("killed while launching, and never launched: only the second look, five minutes after the first, says so", async () => {
  const held = hold();
  const launch = stack.faults.ECS.on({ operation: "RunTask", do: held });
  const taskId = await start(endless);
  await held.reached;
  const agentId = agentIdOf(taskId, 1);
  await kill(stack, taskId);
  // Its dispatcher is not heard of again.
  const lost = stack.faults.ECS.on({ operation: "RunTask", do: { kind: "drop_request" } });
  const seen = () => stack.cloud.table.getAttempt(agentId);
  const firstLookMs = launchDeadlineMs + minute;
  await later(10_000, () => stack.local.reaper.runNow());
  expect(await seen()).toMatchObject({ cleanupAt: ((await seen())?.claimedAt ?? 0) + firstLookMs });
  await later(firstLookMs, () => reaped("it was looked at once", async () => (await seen())?.unseenAt !== undefined));
  await later(firstLookMs + 4 * minute, () => stack.local.reaper.runNow());
  expect((await stack.cloud.table.getTask(taskId))?.stopConfirmation).toBeUndefined();
  await later(firstLookMs + 6 * minute, () =>
    reaped("it was looked at twice", async () => (await seen())?.cleanedUpAt !== undefined),
  );
  expect(await untilSettled(stack, taskId)).toMatchObject({ stopConfirmation: "never_started" });
  const steps = { sandbox: "never_started", disk: "never_made", slots: "released", access: "void" };
  expect(await cleanupsOf(taskId)).toMatchObject([{ data: { agentId, steps } }]);
  launch.remove();
  held.release();
  await until("what was launched after all is stopped", async () => {
    const [sandbox] = await stack.cloud.sandboxes("default").findByAgent(agentId);
    return sandbox?.stopped;
  });
  lost.remove();
  await checkInvariants(stack, [taskId]);
});

const throttled = { kind: "error", type: "ThrottlingException", message: "Rate exceeded" } as const;

it("an attempt that ECS refused to launch leaves nothing to look for, and a kill of its task nothing to wait for", async () => {
  const full = stack.faults.ECS.on({ operation: "RunTask", do: throttled });
  const taskId = await start(["true"]);
  const back = await untilTask(stack, taskId, "is put back", ({ putBacks }) => putBacks === 1);
  expect(back.owedCleanups).toBeUndefined();
  expect(full.hits()).toBe(1);
  expect(await stack.cloud.table.getAttempt(agentIdOf(taskId, 1))).toMatchObject({
    neverLaunched: true,
    cleanedUpAt: expect.any(Number),
  });
  expect((await kill(stack, taskId)).body).toMatchObject({ stop: "not_needed" });
  full.remove();
  expect(await untilSettled(stack, taskId)).toMatchObject({ stopConfirmation: "not_needed" });
  await checkInvariants(stack, [taskId]);
});

it("a launch without an answer that is then refused may have started its sandbox all the same: it is found", async () => {
  const lost = stack.faults.ECS.on({ operation: "RunTask", times: 1, do: { kind: "drop_answer" } });
  const full = stack.faults.ECS.on({ operation: "RunTask", do: throttled });
  const taskId = await start(["true"]);
  await until("the second try was refused", async () => full.hits() > 0);
  const settled = await untilSettled(stack, taskId);
  expect(settled).toMatchObject({ status: "completed", attempt: 1, stopConfirmation: "stopped" });
  expect(lost.hits()).toBe(1);
  full.remove();
  await checkInvariants(stack, [taskId]);
});

it("a refusal says nothing of a launch that somebody else has taken up: its sandbox is stopped, and waited for", async () => {
  const repeated = hold();
  const first = stack.faults.ECS.on({
    operation: "RunTask",
    times: 1,
    do: { ...throttled, after: repeated.reached },
  });
  // Whoever repeats the launch while the first call hangs is slower still.
  const slower = stack.faults.ECS.on({ operation: "RunTask", do: repeated });
  const taskId = await start(endless);
  await until("it is being launched", async () => first.hits() > 0);
  const round = later(launchTakesMs, () => stack.local.reaper.runNow());
  const back = await untilTask(stack, taskId, "is put back", ({ putBacks }) => putBacks === 1);
  expect(back.owedCleanups).toEqual([{ attempt: 1 }]);
  expect((await kill(stack, taskId)).status).toBe(200);
  expect((await stack.cloud.table.getTask(taskId))?.stopConfirmation).toBeUndefined();
  repeated.release();
  await round;
  slower.remove();
  await later(minute, () => reaped("it is cleaned up", async () => (await cleanupsOf(taskId)).length > 0));
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "killed", stopConfirmation: "stopped" });
  await checkInvariants(stack, [taskId]);
});

it("a stop is confirmed only when no sandbox of an earlier attempt lives either", async () => {
  const taskId = await running();
  process.kill(await supervisorOf(taskId), "SIGSTOP");
  const { sandboxArn } = (await stack.cloud.table.getAttempt(agentIdOf(taskId, 1))) ?? {};
  const refused = stack.faults.ECS.on({
    operation: "StopTask",
    match: (body) => (body as { task: string }).task === sandboxArn,
    do: { kind: "error", type: "ServerException", message: "not now", status: 500 },
  });
  const statusOf = async () => (await stack.cloud.table.getTask(taskId))?.status;
  const isOver = async () => (await stack.cloud.table.getAttempt(agentIdOf(taskId, 1)))?.endedAt !== undefined;
  // A look of now, whatever the stories before have left: only then is the next one that of a reaper that was away.
  await stack.local.reaper.runNow();
  // Further ahead than any story before; a reaper that was away for so long gives a fresh lease at its first look.
  await later(40 * minute, () => stack.local.reaper.runNow());
  await later(50 * minute, () => reaped("the lease is over", isOver));
  await later(70 * minute, () => reaped("the next one runs", async () => (await statusOf()) === "running"));
  await kill(stack, taskId);
  await until("the last attempt is cleaned up", async () => (await cleanupsOf(taskId)).length > 0);
  const killed = await stack.cloud.table.getTask(taskId);
  expect(killed).toMatchObject({ status: "killed", attempt: 2, owedCleanups: [{ attempt: 1 }] });
  expect(killed?.stopConfirmation).toBeUndefined();
  refused.remove();
  await later(100 * minute, () => reaped("the first one too", async () => (await cleanupsOf(taskId)).length > 1));
  expect(await untilSettled(stack, taskId)).toMatchObject({ stopConfirmation: "stopped" });
  await checkInvariants(stack, [taskId]);
});

it("a task whose first sandbox died is tried again, and each attempt has a cleanup of its own", async () => {
  const taskId = await start(["sh", "-c", "sleep 1; echo again > again"]);
  process.kill(await supervisorOf(taskId), "SIGKILL");
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed", attempt: 2 });
  const cleanups = await cleanupsOf(taskId);
  expect(cleanups.map(({ data }) => data.agentId)).toEqual([agentIdOf(taskId, 1), agentIdOf(taskId, 2)]);
  expect(cleanups.map(({ to }) => to)).toEqual(["queued", "completed"]);
  await checkInvariants(stack, [taskId]);
});

it("a stop that fails keeps nothing else from being cleaned up, and is tried again until it succeeds", async () => {
  const taskId = await running();
  // It hears nothing any more, so it does not leave by itself.
  process.kill(await supervisorOf(taskId), "SIGSTOP");
  const refused = stack.faults.ECS.on({
    operation: "StopTask",
    do: { kind: "error", type: "ServerException", message: "not now", status: 500 },
  });
  await kill(stack, taskId);
  const asked = refused.hits();
  await later(10_000, () => reaped("it was asked again", async () => refused.hits() > asked));
  expect(await cleanupsOf(taskId)).toEqual([]);
  expect(await stack.cloud.table.heldSlots("global")).toEqual([]);
  refused.remove();
  await later(minute, () => reaped("it was stopped", async () => (await cleanupsOf(taskId)).length > 0));
  expect(await untilSettled(stack, taskId)).toMatchObject({ stopConfirmation: "stopped" });
  await checkInvariants(stack, [taskId]);
});

/** The kill's transaction is contended until it gives its slots up; they are then given back with DeleteItem. */
async function killLeavingSlots(taskId: TaskId): Promise<void> {
  const reasons = [{ Code: "None" }, { Code: "TransactionConflict" }, ...Array(6).fill({ Code: "None" })];
  const contended = stack.faults.DYNAMODB.on({
    operation: "TransactWriteItems",
    match: contains('"type":{"S":"killed"}'),
    times: 8,
    do: {
      kind: "error",
      type: "TransactionCanceledException",
      message: "Transaction cancelled",
      extra: { CancellationReasons: reasons },
    },
  });
  expect((await kill(stack, taskId)).status).toBe(200);
  expect(contended.hits()).toBe(8);
}

const isSlot = contains('"pk":{"S":"slots#');
const noDelete = () =>
  stack.faults.DYNAMODB.on({
    operation: "DeleteItem",
    match: isSlot,
    do: { kind: "error", type: "TransactionConflictException", message: "held back by the test" },
  });

it("slots that the end could not give back are given back by the cleanup, which waits for that", async () => {
  const taskId = await running();
  const failing = noDelete();
  await killLeavingSlots(taskId);
  await until("giving them back has failed", async () => failing.hits() > 0);
  expect(await cleanupsOf(taskId)).toEqual([]);
  failing.remove();
  await later(minute, () => reaped("it is cleaned up", async () => (await cleanupsOf(taskId)).length > 0));
  expect(await cleanupsOf(taskId)).toMatchObject([{ data: { steps: { sandbox: "stopped", slots: "released" } } }]);
  expect(await stack.cloud.table.heldSlots("global")).toEqual([]);
  await untilSettled(stack, taskId);
  await checkInvariants(stack, [taskId]);
});

it("what cannot be given back for ten minutes is recorded as given up, and given back all the same when it can be", async () => {
  const taskId = await running();
  const failing = noDelete();
  await killLeavingSlots(taskId);
  await later(11 * minute, () => reaped("it is cleaned up", async () => (await cleanupsOf(taskId)).length > 0));
  expect(await cleanupsOf(taskId)).toMatchObject([{ data: { steps: { sandbox: "stopped", slots: "given_up" } } }]);
  expect(await stack.cloud.table.heldSlots("global")).toHaveLength(1);
  failing.remove();
  await reaped("the slots are free", async () => (await stack.cloud.table.heldSlots("global")).length === 0);
  await untilSettled(stack, taskId);
  await checkInvariants(stack, [taskId]);
});
