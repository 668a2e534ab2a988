import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import type { Cloud } from "../../functions/core/cloud.ts";
import type { TaskEvent } from "../../functions/core/events.ts";
import { agentIdOf, type TaskId } from "../../functions/core/ids.ts";
import { describeEnd } from "../../functions/core/sandbox-end.ts";
import type { Task } from "../../functions/core/task.ts";
import { changeTask } from "../../functions/flows/change-task.ts";
import { confirmStop } from "../../functions/flows/confirm-stop.ts";
import { reap } from "../../functions/flows/reap.ts";
import { resolveOutcome, takeBranchBack } from "../../functions/flows/resolve-outcome.ts";
import { checkInvariants, processesOf } from "../support/invariants.ts";
import { drover, useRemote } from "../support/remote.ts";
import { kill, submit, until, untilSettled, untilStatus, useStack } from "../support/stack.ts";

const leaseMs = 90_000;
const stack = useStack({ DROVER_LEASE_MS: String(leaseMs), DROVER_WALL_CLOCK_MARGIN_MS: "60000" });
const remote = useRemote();
const minute = 60_000;
const endless = ["sleep", "1000"];
const limits = { wallClockMs: 60 * minute };

/** The control plane's clock goes on from here; sandboxes keep the real time. */
let aheadMs = 0;
const { now } = Date;
function passTime(ms: number): void {
  aheadMs += ms;
  stack.cloud.clock.now = () => now() + aheadMs;
}

const statusOf = async (taskId: TaskId) => (await stack.cloud.table.getTask(taskId))?.status;
const supervisorOf = async (taskId: TaskId) =>
  Number(await until("its supervisor runs", async () => processesOf(agentIdOf(taskId, 1)).at(0)));

/** Whatever was before: somebody has looked just now, and the look before that was no absence. */
async function watchFromHere(): Promise<void> {
  for (let n = 0; n < 2; n += 1) await stack.local.reaper.runNow();
}

/** Its supervisor cannot be heard, as when there was no API to speak to. */
async function unheard(command: string[]): Promise<{ taskId: TaskId; speak(): void }> {
  const taskId = await submit(stack, { repository: remote.url, command, limits });
  await untilStatus(stack, taskId, "running");
  const pid = await supervisorOf(taskId);
  process.kill(pid, "SIGSTOP");
  await watchFromHere();
  // Its sandbox may have been stopped meanwhile, and it with it.
  const speak = () => {
    for (const one of processesOf(agentIdOf(taskId, 1))) process.kill(Number(one), "SIGCONT");
  };
  return { taskId, speak };
}

it("an outage longer than a lease ends no attempt: who could not be heard gets one more lease", async () => {
  const { taskId, speak } = await unheard(["sh", "-c", "echo ok > ok"]);
  passTime(10 * leaseMs);
  await stack.local.reaper.runNow();
  passTime(minute);
  await stack.local.reaper.runNow();
  expect(await statusOf(taskId)).toBe("running");
  speak();
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed", attempt: 1 });
  expect(remote.git("show", `${drover(taskId)}:ok`)).toBe("ok\n");
  await checkInvariants(stack, [taskId]);
});

it("who stays silent for that lease too is given up, and its task is tried again", async () => {
  const { taskId, speak } = await unheard(["sh", "-c", "echo again > again"]);
  passTime(10 * leaseMs);
  await stack.local.reaper.runNow();
  for (let n = 0; n < 2; n += 1) {
    passTime(minute);
    await stack.local.reaper.runNow();
  }
  expect(await statusOf(taskId)).not.toBe("running");
  speak();
  passTime(minute);
  await until("the next attempt has done it", async () => {
    await stack.local.reaper.runNow();
    return (await statusOf(taskId)) === "completed";
  });
  expect(await untilSettled(stack, taskId)).toMatchObject({ attempt: 2 });
  await checkInvariants(stack, [taskId]);
});

it("a silence without an outage is noticed when the lease is over, as ever", async () => {
  const { taskId, speak } = await unheard(endless);
  for (let n = 0; n < 2; n += 1) {
    passTime(minute);
    await stack.local.reaper.runNow();
  }
  expect(await statusOf(taskId)).toBe("queued");
  speak();
  await kill(stack, taskId);
  await untilSettled(stack, taskId);
  await checkInvariants(stack, [taskId]);
});

it("a supervisor that beats and never ends is ended after its wall-clock limit and a margin", async () => {
  const taskId = await submit(stack, { repository: remote.url, command: endless, limits });
  await untilStatus(stack, taskId, "running");
  await watchFromHere();
  passTime(59 * minute);
  await stack.local.reaper.runNow();
  expect(await statusOf(taskId)).toBe("running");
  passTime(2 * minute);
  await stack.local.reaper.runNow();
  expect(await untilSettled(stack, taskId)).toMatchObject({
    status: "failed",
    stopConfirmation: "stopped",
    failure: { class: "timeout", message: expect.stringMatching(/wall-clock limit/) },
  });
  await checkInvariants(stack, [taskId]);
});

/** Killed after its permit, and known to be gone: only the remote can say whether its push has landed. */
async function owedOutcome(cloud: Cloud, commit = "c".repeat(40)): Promise<TaskId> {
  const taskId = await submit(stack, { repository: remote.url, command: ["true"], delayMs: 60 * minute });
  const events: TaskEvent[] = [
    { type: "claimed", slots: [], leaseMs },
    { type: "started", leaseMs, limitMs: 60 * minute },
    { type: "work_done", commit, files: 1, additions: 1, deletions: 0 },
    { type: "permit_granted", permitId: cloud.ids.permit(), branch: drover(taskId) },
    { type: "killed", by: "key_1", reason: "the test says so", cause: "kill" },
    { type: "cleanup", attempt: 1, sandbox: "stopped", slots: "released" },
  ];
  for (const event of events) await changeTask(cloud, taskId, "system:test", () => ({ event }));
  return taskId;
}

it("remotes that swallow what they are asked take a part of a round, the last one, and are asked again in turn", async () => {
  const { remotes, table } = stack.cloud;
  const silence = { kind: "unknown", message: "no answer in 10 seconds" } as const;
  // Ahead of the stack's own reaper, so that nothing is due for that one.
  let time = stack.cloud.clock.now() + 2 * minute;
  const order: string[] = [];
  const answeredAt = new Map<string, number>();
  const swallowing = {
    readBranch: async (_url: string, _auth: unknown, branch: string) => {
      time += 10_000;
      order.push("remote");
      answeredAt.set(branch, time);
      return silence;
    },
  };
  const watching = {
    dueSchedules: (now: number, limit: number) => {
      order.push("schedules");
      return table.dueSchedules(now, limit);
    },
  };
  const cloud: Cloud = {
    ...stack.cloud,
    remotes: Object.assign(Object.create(remotes), swallowing),
    table: Object.assign(Object.create(table), watching),
    clock: { ...stack.cloud.clock, now: () => time },
    ids: { ...stack.cloud.ids, random: () => 1 },
  };
  const taskIds: TaskId[] = [];
  for (let n = 0; n < 5; n += 1) taskIds.push(await owedOutcome(cloud));
  await reap(cloud);
  expect(order).toEqual(["schedules", "remote", "remote", "remote"]);
  expect(answeredAt.size).toBe(3);
  for (const taskId of taskIds) {
    const at = answeredAt.get(drover(taskId));
    if (at) expect((await table.getTask(taskId))?.due?.at).toBe(at + 30_000);
  }
  await reap(cloud);
  expect(answeredAt.size).toBe(5);
  passTime(10 * minute);
  for (const taskId of taskIds)
    expect(await untilSettled(stack, taskId)).toMatchObject({ publishOutcome: "not_pushed" });
  await checkInvariants(stack, taskIds);
});

it("a round of the reaper in which a step fails does all the others, and then fails itself and names that step", async () => {
  // Ahead of the stack's own reaper, so that nothing is due for that one.
  const time = stack.cloud.clock.now() + 60 * minute;
  const cloud: Cloud = { ...stack.cloud, clock: { ...stack.cloud.clock, now: () => time } };
  const taskId = await owedOutcome(cloud);
  const denied = stack.faults.DYNAMODB.on({
    operation: "Query",
    match: (body) => JSON.stringify(body).includes('"outbox"'),
    do: { kind: "error", type: "AccessDeniedException", message: "not authorized" },
  });
  const late = { ...cloud, clock: { ...cloud.clock, now: () => time + minute } };
  await expect(reap(late)).rejects.toMatchObject({
    name: "AggregateError",
    message: expect.stringMatching(/failed in resendNotices;/),
    errors: [expect.objectContaining({ name: "AccessDeniedException" })],
  });
  expect(await untilSettled(stack, taskId)).toMatchObject({ publishOutcome: "not_pushed" });
  denied.remove();
  await reap(late);
  await checkInvariants(stack, [taskId]);
});

it("a branch whose deletion was not answered stays owed, until the remote has said what became of it", async () => {
  const { remotes, clock } = stack.cloud;
  let time = clock.now() + 60 * minute;
  // Ahead of the stack's own reaper, so that nothing is due for that one.
  const ids = { ...stack.cloud.ids, random: () => 1 };
  const cloud: Cloud = { ...stack.cloud, ids, clock: { ...clock, now: () => time } };
  const unanswered = { deleteBranch: async () => "unknown" as const };
  const commit = remote.git("rev-parse", "HEAD").trim();
  const taskId = await owedOutcome(cloud, commit);
  remote.git("update-ref", `refs/heads/${drover(taskId)}`, commit);
  const task = async () => (await cloud.table.getTask(taskId)) as Task;
  await resolveOutcome({ ...cloud, remotes: Object.assign(Object.create(remotes), unanswered) }, await task());
  expect(await task()).toMatchObject({
    publishOutcome: "pushed_before_stop",
    due: { kind: "branch", at: time + 30_000 },
  });
  time += minute;
  await takeBranchBack(cloud, await task());
  const [last] = (await cloud.table.listEvents(taskId, 0, 100)).slice(-1);
  expect(last).toMatchObject({ type: "branch_taken_back", data: { deleted: true } });
  expect(remote.git("branch", "--list", drover(taskId))).toBe("");
  await checkInvariants(stack, [taskId]);
});

/** The real supervisor, where nothing listens at the API's address. */
async function superviseUnanswered(agentId: string): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), "drover-unanswered-"));
  const env = {
    PATH: process.env.PATH,
    DROVER_API_URL: "http://127.0.0.1:1",
    DROVER_AGENT_ID: agentId,
    DROVER_TOKEN: "unused",
    DROVER_SOCKETS: dir,
    DROVER_START_PATIENCE_MS: "300",
  };
  const script = resolve(import.meta.dirname, "../../functions/sandbox/supervisor.ts");
  const [code] = await once(spawn(process.execPath, [script], { env, cwd: dir, stdio: "ignore" }), "exit");
  rmSync(dir, { recursive: true, force: true });
  return Number(code);
}

it("an attempt whose supervisor nobody answered is put back, later each time, and uses none of its tries", async () => {
  const taskId = await submit(stack, { repository: remote.url, command: ["true"], delayMs: 60 * minute });
  const exitCode = await superviseUnanswered(agentIdOf(taskId, 1));
  const why = describeEnd({ stopCode: "EssentialContainerExited", containers: [{ name: "supervisor", exitCode }] });
  const waits: number[] = [];
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    await changeTask(stack.cloud, taskId, "system:test", () => ({ event: { type: "claimed", slots: [], leaseMs } }));
    await confirmStop(stack.cloud, agentIdOf(taskId, attempt), why);
    const task = await stack.cloud.table.getTask(taskId);
    expect(task).toMatchObject({ status: "queued", attempt, attemptsUsed: 0, putBacks: attempt });
    waits.push((task?.due?.at ?? 0) - (task?.updatedAt ?? 0));
  }
  expect(waits).toEqual(waits.toSorted((a, b) => a - b));
  expect(waits.at(-1)).toBeGreaterThan(minute);
  await kill(stack, taskId);
  await checkInvariants(stack, [taskId]);
});
