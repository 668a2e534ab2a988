// Does a crowd of waiting tasks keep others from what is theirs: their turn, their time, their end?
import { expect, it } from "vitest";
import type { Cloud } from "../../functions/core/cloud.ts";
import type { TaskEvent } from "../../functions/core/events.ts";
import { agentIdOf, type TaskId } from "../../functions/core/ids.ts";
import type { Operation } from "../../functions/core/operations.ts";
import { providerPool } from "../../functions/core/slots.ts";
import type { Table } from "../../functions/core/table.ts";
import type { Task } from "../../functions/core/task.ts";
import { expireOldest } from "../../functions/flows/expire-oldest.ts";
import { killTask } from "../../functions/flows/kill-task.ts";
import { promoteHeld, promoteWaiting } from "../../functions/flows/promote-waiting.ts";
import { recordAct } from "../../functions/flows/record-act.ts";
import { resumeProvider } from "../../functions/flows/resume-provider.ts";
import { beginRound } from "../../functions/flows/round.ts";
import { continueOperation } from "../../functions/flows/stop-scope.ts";
import { turnSwitch } from "../../functions/flows/turn-switch.ts";
import { apply, changeOf, claim, makeCreation, newTaskId } from "../contract/support.ts";
import { MemoryTable } from "../simulation/cloud/memory-table.ts";
import { makeAsync, methodsOf } from "../simulation/cloud/sync.ts";
import { now } from "../support/make-task.ts";
import { openMemoryCloud, startClock } from "../support/memory-cloud.ts";

const dayMs = 86_400_000;
const workspace = "default";
/** Of a step of the reaper that begins now. */
const stepEndsAt = now + 20_000;

/** `commitMs`: how long a change takes. */
function open({ commitMs = 0 } = {}) {
  const clock = startClock(now);
  const changed: TaskId[] = [];
  const woken: TaskId[] = [];
  const memory = new MemoryTable(clock.now);
  const inMemory = makeAsync<Table>(memory, methodsOf(MemoryTable));
  const table: Table = {
    ...inMemory,
    commit(change) {
      clock.pass(commitMs);
      changed.push(change.after.taskId);
      return inMemory.commit(change);
    },
  };
  const cloud = openMemoryCloud(memory, {
    ...{ table, clock },
    settings: { maxQueueAgeMs: 7 * dayMs },
    wakeUps: { send: async (taskId) => void woken.push(taskId), probe: async () => undefined },
  });
  const make = (count: number, over: Partial<Task> = {}) =>
    Array.from({ length: count }, () => {
      const creation = makeCreation({ workspace, ...over });
      memory.createTask(creation);
      return creation.task;
    });
  return { cloud, memory, table, make, changed, woken };
}

/** A table that takes its time for each promotion; and of which workspaces they were. */
function takingTime(cloud: Cloud, ms: number) {
  const order: string[] = [];
  const table: Table = {
    ...cloud.table,
    async makeReady(task) {
      order.push(task.workspace);
      await cloud.clock.sleep(ms);
      return cloud.table.makeReady(task);
    },
  };
  return { cloud: { ...cloud, table }, order };
}

it("hundreds of tasks that were held back do not keep a delayed one from its time, and are all let go in one round", async () => {
  const { cloud, memory, make } = open();
  make(400, { due: { kind: "held", at: now - 2, pool: "repository:full" } });
  make(120, { due: { kind: "ready", at: now - 1 } });
  await promoteWaiting(cloud, beginRound(cloud), stepEndsAt);
  expect([
    memory.waitingAfter("ready", "", now, 1_000).length,
    memory.waitingAfter("held", "", now, 1_000).length,
  ]).toEqual([0, 400]);
  await promoteHeld(cloud, beginRound(cloud), stepEndsAt);
  expect(memory.waitingAfter("held", "", now, 1_000)).toEqual([]);
});

it.each([
  ["ready", promoteWaiting],
  ["held", promoteHeld],
] as const)("of thousands of tasks that fall due together, no other workspace's comes behind more than a page of each minute: %s", async (kind, act) => {
  const { cloud, memory, make } = open();
  const due = (at: number) => (kind === "held" ? { kind, at, pool: "repository:full" } : { kind, at });
  // In the same minute, and in the one before.
  const minute = now - (now % 60_000);
  make(1_000, { workspace: "many", due: due(minute - 50_000) });
  make(1_000, { workspace: "many", due: due(minute) });
  const others = ["a", "b", "c", "d"];
  for (const workspace of others) make(1, { workspace, due: due(minute) });
  const slow = takingTime(cloud, 100);
  await act(slow.cloud, beginRound(cloud), stepEndsAt);
  expect(others.map((workspace) => memory.readyHead(workspace, 10).length)).toEqual([1, 1, 1, 1]);
  for (const workspace of others) expect(slow.order.indexOf(workspace)).toBeLessThan(2 * 50 + others.length);
});

it("one who waits alone, by the thousand, is asked for twice for each page, and once while all fits in one", async () => {
  const { cloud, memory, make } = open();
  const asked: number[] = [];
  const table: Table = {
    ...cloud.table,
    async waitingAfter(...args) {
      const page = await cloud.table.waitingAfter(...args);
      asked.push(page.length);
      return page;
    },
  };
  make(120, { due: { kind: "ready", at: now - 2 } });
  await promoteWaiting({ ...cloud, table }, beginRound(cloud), stepEndsAt);
  expect(memory.readyHead(workspace, 1_000)).toHaveLength(120);
  expect(asked.splice(0)).toEqual([50, 0, 50, 0, 20]);
  make(49, { due: { kind: "ready", at: now - 2 } });
  await promoteWaiting({ ...cloud, table }, beginRound(cloud), stepEndsAt);
  expect(asked).toEqual([49]);
});

it("a table that takes its time ends the promotion of a round, and the rest comes with the next", async () => {
  const { cloud, memory, make } = open();
  make(2_000, { due: { kind: "ready", at: now - 2 } });
  await promoteWaiting(takingTime(cloud, 50).cloud, beginRound(cloud), stepEndsAt);
  expect(memory.waitingAfter("ready", "", now, 10_000)).toHaveLength(2_000 - 450);
});

it("no more of them are woken than there are free slots", async () => {
  const { cloud, make, memory, woken } = open();
  const [first] = make(1);
  if (first) memory.commit(changeOf(first, claim({ pool: "global", index: 3 })));
  make(60, { due: { kind: "held", at: now - 2, pool: "repository:full" } });
  await promoteHeld(cloud, beginRound(cloud), stepEndsAt);
  expect(memory.waitingAfter("held", "", now, 1_000)).toEqual([]);
  expect(woken).toHaveLength(19);
});

it("a task that begins to wait for a provider just before it is resumed is let go as well, once the index shows it", async () => {
  const { cloud, memory, make } = open();
  memory.pauseProvider(workspace, "anthropic", { until: now + dayMs, lengthMs: dayMs, saidBy: "tsk_0" });
  const pool = providerPool(workspace, "anthropic");
  const [late] = make(1, { provider: "anthropic" });
  memory.holdBack(late as Task, pool, now + dayMs);
  memory.lagMs = 1_000;
  expect(memory.heldAfter(pool, "", 10)).toEqual([]);
  // Each look takes its time; else the index would show for ever what was just let go.
  const table: Table = {
    ...cloud.table,
    async heldAfter(...args) {
      await cloud.clock.sleep(500);
      return cloud.table.heldAfter(...args);
    },
  };
  expect(await resumeProvider({ ...cloud, table }, workspace, "anthropic", "key_1", "paid", now + 10_000)).toBe(true);
  expect(memory.getTask(late?.taskId as TaskId)?.due).toBeUndefined();
});

it("a provider that is resumed gets all of its tasks back, and one that the call had no time for with the next call", async () => {
  const { cloud, memory, make } = open();
  memory.pauseProvider(workspace, "anthropic", { until: now + dayMs, lengthMs: dayMs, saidBy: "tsk_0" });
  const pool = providerPool(workspace, "anthropic");
  make(90, { provider: "anthropic", due: { kind: "held", at: now + dayMs, pool } });
  const resume = (deadline: number) => resumeProvider(cloud, workspace, "anthropic", "key_1", "paid", deadline);
  expect(await resume(now)).toBe(true);
  expect(memory.heldAfter(pool, "", 100)).toHaveLength(70);
  expect(await resume(now + 1)).toBe(false);
  expect(memory.heldAfter(pool, "", 100)).toEqual([]);
  expect(memory.readyHead(workspace, 100)).toHaveLength(90);
});

it("a stop kills what holds a slot before the queue, however long that is, and looks at the time between a few kills", async () => {
  const { cloud, table, make, changed } = open({ commitMs: 1_000 });
  const [old] = make(1, { createdAt: now - dayMs, taskId: `tsk_0${newTaskId().slice(5)}` });
  if (!old) throw new Error("no task");
  await apply(table, old, claim({ pool: "global", index: 0 }));
  make(100);
  changed.length = 0;
  const operation = await continueOperation(
    cloud,
    {
      operationId: "opr_1",
      scope: `workspace:${workspace}`,
      generation: 1,
      by: "key_1",
      reason: "all of it",
      startedAt: now,
      total: 101,
      killed: 0,
      failed: 0,
      workspaces: [workspace],
      errors: [],
    },
    cloud.clock.now() + 5_000,
  );
  expect(changed[0]).toBe(old.taskId);
  expect((await table.getAttempt(agentIdOf(old.taskId, 1)))?.state).toBe("killed");
  expect(changed).toHaveLength(11);
  expect(operation).toMatchObject({ killed: 11, failed: 0, workspaces: [workspace] });
  const finished = await continueOperation(cloud, operation, cloud.clock.now() + dayMs);
  expect(finished).toMatchObject({ killed: 101, failed: 0, total: 101, workspaces: [] });
});

it("a stop counts those too that the dispatcher met before their page was read, and none that had been killed before", async () => {
  const { cloud, make } = open();
  const kill = (task: Task) => killTask(cloud, task.taskId, "key_1", "all of it", "kill_all");
  for (const task of make(2)) await kill(task);
  const begun: Operation = {
    ...{ operationId: "opr_1", scope: `workspace:${workspace}`, generation: 1, by: "key_1", reason: "all of it" },
    ...{ startedAt: now, total: 60, killed: 0, killedBefore: 2, failed: 0, workspaces: [workspace], errors: [] },
  };
  for (const task of make(60).slice(0, 7)) await kill(task);
  const finished = await continueOperation(cloud, begun, cloud.clock.now() + dayMs);
  expect(finished).toMatchObject({ killed: 60, failed: 0, total: 60, workspaces: [] });
});

it("a task's time in the queue begins when it may run: a long delay is kept, and hides nobody who has waited too long", async () => {
  const { cloud, memory, make } = open();
  const createdAt = now - 20 * dayMs;
  const delayed = make(150, { createdAt, allowedAt: now + dayMs, due: { kind: "ready", at: now + dayMs } });
  const [begun] = make(1, { createdAt, allowedAt: now - 6 * dayMs });
  const [late] = make(1, { createdAt, allowedAt: now - 7 * dayMs });
  const [held] = make(1, { createdAt: now - 8 * dayMs, due: { kind: "held", at: now + 9, pool: "repository:full" } });
  await expireOldest(cloud, workspace);
  const statusOf = (task: Task | undefined) => task && memory.getTask(task.taskId)?.status;
  expect(new Set(delayed.map(statusOf))).toEqual(new Set(["queued"]));
  expect([begun, late, held].map(statusOf)).toEqual(["queued", "failed", "failed"]);
});

it("a retry has waited since it may run again, not since its task was made; a launch that came to nothing has waited all along", async () => {
  const { cloud, memory, make } = open();
  const createdAt = now - 8 * dayMs;
  const failure = { class: "infrastructure", message: "lost" } as const;
  const tasks = make(2, { createdAt });
  const ends: TaskEvent[] = [
    { type: "attempt_failed", failure },
    { type: "put_back", why: "no capacity", notBefore: now },
  ];
  for (const [n, event] of ends.entries()) {
    const task = tasks[n] as Task;
    await apply(cloud.table, task, claim({ pool: "global", index: n }));
    await apply(cloud.table, memory.getTask(task.taskId) as Task, event);
    const due = memory.getTask(task.taskId) as Task;
    await cloud.table.makeReady(due);
  }
  await expireOldest(cloud, workspace);
  expect(tasks.map(({ taskId }) => memory.getTask(taskId)?.status)).toEqual(["queued", "failed"]);
});

it.each([
  ["global", "queued"],
  ["workspace:default", "queued"],
  ["backend:default", "failed"],
] as const)("a pause of %s takes no task's time in the queue: that begins anew when it is over", async (scope, other) => {
  const { cloud, memory, make } = open();
  const createdAt = now - 30 * dayMs;
  const tasks = make(2, { createdAt });
  tasks.push(...make(1, { createdAt, backend: "other" }));
  const statuses = () => tasks.map(({ taskId }) => memory.getTask(taskId)?.status);
  const turn = async (paused: boolean, at: number) => {
    const next = { scope, generation: 0, stopped: false, paused, at };
    await recordAct(cloud, "global", "key_1", () => ({ type: "turned", data: {}, writes: [{ kind: "switch", next }] }));
  };
  await turn(true, now - 29 * dayMs);
  await expireOldest(cloud, workspace);
  expect(statuses()).toEqual(["queued", "queued", other]);
  await turn(false, now - 7 * dayMs + 1);
  await expireOldest(cloud, workspace);
  expect(statuses().slice(0, 2)).toEqual(["queued", "queued"]);
  await turn(false, now - 7 * dayMs);
  await expireOldest(cloud, workspace);
  expect(statuses().slice(0, 2)).toEqual(["failed", "failed"]);
});

it("a release wakes nobody else once a wake-up was not taken, which would take its time; all may go on, and the reaper tells them", async () => {
  const opened = open();
  let asked = 0;
  const send = async () => {
    asked += 1;
    throw new Error("no answer in 3 seconds, three times");
  };
  const cloud: Cloud = { ...opened.cloud, wakeUps: { ...opened.cloud.wakeUps, send } };
  opened.make(5, { due: { kind: "held", at: now + dayMs, pool: "backend:default" } });
  opened.make(5);
  const scope = { kind: "backend", name: "default" } as const;
  await turnSwitch(cloud, scope, "pause", "key_1", "its queue is watched");
  await turnSwitch(cloud, scope, "release", "key_1", "all is well again");
  // One that was held, one that was ready.
  expect(asked).toBe(2);
  expect(opened.memory.heldAfter("backend:default", "", 9)).toEqual([]);
});

it.each([
  { kind: "global" },
  { kind: "workspace", name: workspace },
  { kind: "backend", name: "default" },
] as const)("a release that is written is answered as that, although nobody can look who may run again: $kind", async (scope) => {
  const { cloud, memory } = open();
  const notNow = () => Promise.reject(new Error("the index cannot be read"));
  const table: Table = { ...cloud.table, readyHead: notNow, readyAfter: notNow, heldAfter: notNow };
  await turnSwitch({ ...cloud, table }, scope, "pause", "key_1", "its queue is watched");
  expect(await turnSwitch({ ...cloud, table }, scope, "resume", "key_1", "all is well again")).toMatchObject({
    kind: "turned",
    now: { paused: false },
  });
  expect(memory.getSwitches({ workspace, backend: "default" })[scope.kind].paused).toBe(false);
});
