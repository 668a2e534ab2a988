// Does a stop wait for anything before its fence? Not for other acts, nor for names, numbers or a table that is slow with them.
import { describe, expect, it } from "vitest";
import type { Clock } from "../../functions/core/cloud.ts";
import { DroverError } from "../../functions/core/errors.ts";
import type { TaskEvent } from "../../functions/core/events.ts";
import { agentIdOf, type TaskId } from "../../functions/core/ids.ts";
import type { Operation } from "../../functions/core/operations.ts";
import type { Scope } from "../../functions/core/switches.ts";
import type { ActWrite, Table } from "../../functions/core/table.ts";
import type { Task } from "../../functions/core/task.ts";
import { finishOperations } from "../../functions/flows/finish-operations.ts";
import { killFenced } from "../../functions/flows/kill-task.ts";
import { beginRound } from "../../functions/flows/round.ts";
import { continueOperation, stopScope } from "../../functions/flows/stop-scope.ts";
import { turnSwitch } from "../../functions/flows/turn-switch.ts";
import { changeOf, claim, makeCreation } from "../contract/support.ts";
import { MemoryTable } from "../simulation/cloud/memory-table.ts";
import { makeAsync, methodsOf } from "../simulation/cloud/sync.ts";
import { now } from "../support/make-task.ts";
import { idleSandboxes, openMemoryCloud, startClock } from "../support/memory-cloud.ts";

const everything = { kind: "global" } as const;

/** One task in each workspace, and what the table was asked, in order. */
function open(workspaces: number, over: (table: Table) => Partial<Table> = () => ({})) {
  const clock = startClock(now);
  let operations = 0;
  const written: ActWrite[] = [];
  const memory = new MemoryTable(clock.now);
  const inMemory = makeAsync<Table>(memory, methodsOf(MemoryTable));
  const table: Table = {
    ...inMemory,
    async commitAct(act, writes) {
      written.push(...writes);
      return inMemory.commitAct(act, writes);
    },
    ...over(inMemory),
  };
  const cloud = openMemoryCloud(memory, { table, clock });
  cloud.ids.operation = () => `opr_${++operations}`;
  const taskIds = Array.from({ length: workspaces }, (_, n) => {
    const creation = makeCreation({ workspace: `team-${String(n).padStart(3, "0")}` });
    memory.createTask(creation);
    return creation.task.taskId;
  });
  const statusOf = (taskId: TaskId) => memory.getTask(taskId)?.status;
  const stop = (scope: Scope = everything) => stopScope(cloud, scope, "key_1", "a leaked key", clock.now() + 10_000);
  return { cloud, memory, written, taskIds, statusOf, stop };
}

it("a stop writes its fence with nothing but its scope, then counts and kills through pages of workspaces", async () => {
  const { written, taskIds, statusOf, stop } = open(120);
  expect(await stop()).toMatchObject({ total: 120, killed: 120, failed: 0, finishedAt: now });
  expect(written.map(({ kind }) => kind)).toEqual(["switch", "operation"]);
  expect(written[1]).toMatchObject({ operation: { workspaces: [], moreBehind: "" } });
  expect(new Set(taskIds.map(statusOf))).toEqual(new Set(["killed"]));
});

it.each([
  "listWorkspaces",
  "countTasks",
  "heldSlots",
  "listTasks",
] as const)("a stop fences although the table refuses %s, and goes on when it does not any more", async (method) => {
  let isRefused = true;
  const { cloud, memory, taskIds, statusOf, stop } = open(3, (inMemory) => ({
    [method]: async (...args: never[]) => {
      if (isRefused) throw new Error(`${method}: not now`);
      return (inMemory[method] as (...args: never[]) => Promise<unknown>)(...args);
    },
  }));
  const answer = await stop();
  expect(answer.generation).toBe(1);
  expect(memory.getSwitches({ workspace: "team-000", backend: "default" }).global).toMatchObject({ stopped: true });
  isRefused = false;
  const operation = memory.getOperation("opr_1") as Operation;
  // Without the numbers alone all are killed already, which nobody can say before they are there.
  expect(new Set(taskIds.map(statusOf)).has("queued")).toBe(method !== "countTasks");
  expect(operation.finishedAt).toBeUndefined();
  await continueOperation(cloud, operation, now + 60_000);
  expect(memory.getOperation("opr_1")).toMatchObject({ total: 3, killed: 3, finishedAt: expect.any(Number) });
  expect(new Set(taskIds.map(statusOf))).toEqual(new Set(["killed"]));
});

it("counting so many workspaces that it takes long keeps no task alive: the total is told at the end", async () => {
  let asked = 0;
  const { cloud, memory, stop } = open(60, (inMemory) => ({
    async countTasks(workspace) {
      asked += 1;
      await cloud.clock.sleep(100);
      return inMemory.countTasks(workspace);
    },
  }));
  const answer = await stop();
  // One page of names before the first kill, and all of them behind the last.
  expect(asked).toBe(50 + 60);
  expect(answer).toMatchObject({ killed: 60, total: 60 });
  expect(memory.openOperations()).toEqual([]);
});

it("a stop that meets contention tries on, longer than other acts do, for most of its function's time", async () => {
  let contended = 0;
  const { memory, stop } = open(1, (inMemory) => ({
    async commitAct(act, writes) {
      contended += 1;
      return contended <= 25 ? { kind: "contended" } : inMemory.commitAct(act, writes);
    },
  }));
  await stop();
  expect(contended).toBe(26);
  expect(memory.getSwitches({ workspace: "team-000", backend: "default" }).global.generation).toBe(1);
});

function change(memory: MemoryTable, taskId: TaskId, event: TaskEvent): void {
  const before = memory.getTask(taskId);
  if (!before) throw new Error(`there is no ${taskId}`);
  expect(memory.commit(changeOf(before, event))).toEqual({ kind: "committed" });
}

/** Their slots are of no pool that the stop looks at first, so that it finds them by their pages alone. */
function addTasks(memory: MemoryTable, live: number, queued: number): TaskId[] {
  return Array.from({ length: live + queued }, (_, n) => {
    const { task, ...creation } = makeCreation({ workspace: "team-000" });
    memory.createTask({ task, ...creation });
    if (n < live) change(memory, task.taskId, claim());
    return task.taskId;
  });
}

it("a task that goes back into the queue while pages are read is killed all the same", async () => {
  let pages = 0;
  const { memory, statusOf, stop } = open(1, (inMemory) => ({
    async listTasks(...page) {
      const answer = await inMemory.listTasks(...page);
      pages += 1;
      if (pages === 1) change(memory, taskId, { type: "put_back", why: "no room", notBefore: now });
      return answer;
    },
  }));
  const [taskId = "tsk_"] = addTasks(memory, 1, 0);
  expect(await stop()).toMatchObject({ total: 2, killed: 2, failed: 0, finishedAt: now });
  expect(statusOf(taskId)).toBe("killed");
});

describe("a backend that fails a stop", () => {
  /** Forty run, every fourth of them on the backend "other", where each stop ends like this. */
  async function stopAll(fail: (clock: Clock) => Promise<void>) {
    const { cloud, memory, statusOf } = open(1);
    const asked: string[] = [];
    const stopped: string[] = [];
    cloud.sandboxes = (backend) => ({
      ...idleSandboxes,
      async stop(arn) {
        asked.push(backend);
        if (backend === "other") await fail(cloud.clock);
        stopped.push(arn);
      },
    });
    const taskIds = Array.from({ length: 40 }, (_, n) => {
      const creation = makeCreation({ workspace: "team-000", backend: n % 4 === 0 ? "other" : "default" });
      const { taskId } = creation.task;
      memory.createTask(creation);
      change(memory, taskId, claim());
      memory.recordSandbox(agentIdOf(taskId, 1), `arn:sandbox/${taskId}`);
      return taskId;
    });
    const operation = await stopScope(cloud, everything, "key_1", "a leaked key", now + 120_000);
    expect(operation).toMatchObject({ killed: 41, failed: 0 });
    expect(new Set(taskIds.map(statusOf))).toEqual(new Set(["killed"]));
    return { stopped, askedOther: asked.filter((backend) => backend === "other").length };
  }
  const unavailable = (why: string) => new DroverError("backend_unavailable", why);

  it("by saying nothing is waited for once, and keeps nobody's sandbox on another one alive", async () => {
    const { stopped, askedOther } = await stopAll(async (clock) => {
      await clock.sleep(10_000);
      throw unavailable("no answer");
    });
    expect(stopped).toHaveLength(30);
    // Those of one batch wait together.
    expect(askedOther).toBeLessThanOrEqual(3);
  });

  it("because there were too many at once is asked to stop all the others", async () => {
    let refusals = 0;
    const { stopped, askedOther } = await stopAll(async (clock) => {
      await clock.sleep(1_500);
      refusals += 1;
      if (refusals === 1) throw unavailable("ThrottlingException: Rate exceeded");
    });
    expect(askedOther).toBe(10);
    expect(stopped).toHaveLength(39);
  });
});

it("a backend that says nothing is waited for once by all stops that a round goes on with", async () => {
  const { cloud, memory, taskIds, statusOf } = open(12);
  let asked = 0;
  const silence = async (): Promise<never> => {
    asked += 1;
    await cloud.clock.sleep(10_000);
    throw new DroverError("backend_unavailable", "no answer");
  };
  cloud.sandboxes = () => ({ ...idleSandboxes, stop: silence });
  for (const [n, taskId] of taskIds.entries()) {
    change(memory, taskId, claim());
    memory.recordSandbox(agentIdOf(taskId, 1), `arn:sandbox/${taskId}`);
    const scope: Scope = { kind: "workspace", name: `team-${String(n).padStart(3, "0")}` };
    await stopScope(cloud, scope, "key_1", "a leaked key", cloud.clock.now());
  }
  expect(asked).toBe(0);
  await finishOperations(cloud, beginRound(cloud), cloud.clock.now() + 20_000);
  expect(asked).toBe(1);
  expect(new Set(taskIds.map(statusOf))).toEqual(new Set(["killed"]));
});

it("a stop that is cut short among those that run, or those that wait, goes on where it was", async () => {
  const { cloud, memory, statusOf, stop } = open(1, (inMemory) => ({
    async listTasks(...page) {
      await cloud.clock.sleep(6_000);
      return inMemory.listTasks(...page);
    },
  }));
  const taskIds = addTasks(memory, 120, 60);
  const places = [await stop()];
  for (let at = places.at(-1); at && at.finishedAt === undefined; at = places.at(-1))
    places.push(await continueOperation(cloud, at, cloud.clock.now() + 10_000));
  expect(places.map(({ phase, after }) => [phase, after === undefined])).toEqual([
    ["live", false],
    ["queued", true],
    ["queued", false],
    [undefined, true],
  ]);
  expect(places.at(-1)).toMatchObject({ total: 181, killed: 181, failed: 0 });
  expect(new Set(taskIds.map(statusOf))).toEqual(new Set(["killed"]));
});

it("a stop that an older version has begun, which knew one place for all tasks, begins anew and misses none", async () => {
  const { cloud, memory, stop, taskIds, statusOf } = open(1, () => ({
    listTasks: async () => Promise.reject(new Error("not by this version")),
  }));
  const all = [...taskIds, ...addTasks(memory, 2, 2)].sort();
  await stop();
  const written = { ...(memory.getOperation("opr_1") as Operation), workspaces: ["team-000"], moreBehind: undefined };
  expect(written.phase).toBeUndefined();
  const ours = { ...cloud, table: makeAsync<Table>(memory, methodsOf(MemoryTable)) };
  await continueOperation(ours, { ...written, after: all[0] }, now + 60_000);
  expect(new Set(all.map(statusOf))).toEqual(new Set(["killed"]));
});

it("a queued task whose kill fails is tried again until it is killed, and no stop is finished before that", async () => {
  let refused: TaskId[] = [];
  const { cloud, memory, taskIds, statusOf, stop } = open(60, (inMemory) => ({
    async commit(change) {
      if (refused.includes(change.after.taskId)) throw new Error("the table is not there");
      return inMemory.commit(change);
    },
  }));
  refused = [taskIds[2] as TaskId, taskIds[55] as TaskId];
  const errors = refused.map((taskId) => ({ taskId, message: "the table is not there" }));
  expect(await stop()).toMatchObject({ killed: 58, failed: 2, errors });
  for (let round = 0; round < 3; round += 1) {
    const [left] = memory.openOperations();
    expect(await continueOperation(cloud, left as Operation, now + 60_000)).toMatchObject({ failed: 2, errors });
  }
  refused = [];
  const [left] = memory.openOperations();
  await continueOperation(cloud, left as Operation, now + 60_000);
  expect(memory.getOperation("opr_1")).toMatchObject({ total: 60, killed: 60, failed: 0, errors: [], finishedAt: now });
  expect(new Set(taskIds.map(statusOf))).toEqual(new Set(["killed"]));
});

it.each([
  ["breaks", 0],
  ["takes longer than a round", 25_000],
])("a stop that %s keeps no stop behind it from going on", async (_how, ms) => {
  let isMended = false;
  const { cloud, memory, taskIds, statusOf, stop } = open(2, (inMemory) => ({
    async listTasks(workspace, page) {
      if (workspace === "team-000") await cloud.clock.sleep(ms);
      if (workspace === "team-000" || !isMended) throw new Error("not now");
      return inMemory.listTasks(workspace, page);
    },
  }));
  for (const name of ["team-000", "team-001"]) await stop({ kind: "workspace", name });
  isMended = true;
  expect(statusOf(taskIds[1] as TaskId)).toBe("queued");
  await finishOperations(cloud, beginRound(cloud), cloud.clock.now() + 20_000);
  expect(statusOf(taskIds[1] as TaskId)).toBe("killed");
  expect(memory.getOperation("opr_2")).toMatchObject({ killed: 1, failed: 0 });
});

it("a fenced task that is met after the release is killed in the name of whoever stopped it, for that reason", async () => {
  const scope = { kind: "workspace", name: "team-000" } as const;
  const { cloud, memory, taskIds, stop } = open(1, () => ({ listTasks: () => Promise.reject(new Error("not now")) }));
  const [taskId] = taskIds as [TaskId];
  await stop(scope);
  await turnSwitch(cloud, scope, "pause", "key_2", "one after the other");
  await turnSwitch(cloud, scope, "release", "key_2", "all is well again");
  await killFenced(cloud, memory.getTask(taskId) as Task);
  expect(memory.getTask(taskId)?.killed).toMatchObject({ by: "key_1", reason: "a leaked key", cause: "kill_all" });
  expect(memory.listEvents(taskId, 1, 9)[0]?.data).toMatchObject({ reason: "a leaked key", cause: "kill_all" });
});

it("a workspace that cannot be read keeps a stop of everything from no other workspace, and is gone through later", async () => {
  let isRefused = true;
  const { cloud, memory, taskIds, statusOf, stop } = open(3, (inMemory) => ({
    async listTasks(workspace, page) {
      if (isRefused && workspace === "team-000") throw new Error("not readable");
      return inMemory.listTasks(workspace, page);
    },
  }));
  expect(await stop()).toMatchObject({ killed: 2, failed: 0, unread: 1 });
  expect(taskIds.map(statusOf)).toEqual(["queued", "killed", "killed"]);
  isRefused = false;
  await finishOperations(cloud, beginRound(cloud), cloud.clock.now() + 20_000);
  expect(memory.getOperation("opr_1")).toMatchObject({ total: 3, killed: 3, failed: 0, finishedAt: now });
});

describe("a task that is submitted a moment before the stop, and that the index does not show yet", () => {
  const scopes: Scope[] = [everything, { kind: "workspace", name: "team-000" }, { kind: "backend", name: "default" }];
  const inTwentyDays = { kind: "ready", at: now + 20 * 86_400_000 } as const;

  /** Another one ran, so that there is something to find at once. */
  function submitLate() {
    const stage = open(1);
    const creation = makeCreation({ workspace: "team-000", due: inTwentyDays });
    stage.cloud.clock.sleep(60_000);
    stage.memory.createTask(creation);
    stage.memory.lagMs = 1_000;
    return { ...stage, late: creation.task.taskId };
  }

  it.each(scopes)("is killed before the stop calls itself finished: $kind", async (scope) => {
    const { stop, statusOf, late, taskIds } = submitLate();
    const operation = await stop(scope);
    expect(operation.finishedAt).toBeGreaterThan(operation.startedAt);
    expect(operation).toMatchObject({ total: 2, killed: 2, failed: 0 });
    expect([...taskIds, late].map(statusOf)).toEqual(["killed", "killed"]);
  });

  it.each(
    scopes,
  )("while the stop's fence is being written, which takes long, is killed before it calls itself finished: $kind", async (scope) => {
    const creation = makeCreation({ workspace: "team-000", due: inTwentyDays });
    const { cloud, memory, statusOf, taskIds } = open(1, (inMemory) => ({
      async commitAct(act, writes) {
        await cloud.clock.sleep(15_000);
        memory.createTask(creation);
        memory.lagMs = 1_000;
        return inMemory.commitAct(act, writes);
      },
    }));
    const operation = await stopScope(cloud, scope, "key_1", "a leaked key", now + 25_000);
    expect(operation).toMatchObject({ total: 2, killed: 2, finishedAt: expect.any(Number) });
    expect([...taskIds, creation.task.taskId].map(statusOf)).toEqual(["killed", "killed"]);
  });

  it("is left to the reaper by a stop that has no time for it", async () => {
    const { cloud, memory, statusOf, late } = submitLate();
    const operation = await stopScope(cloud, everything, "key_1", "a leaked key", cloud.clock.now() + 1_000);
    expect(operation).toMatchObject({ total: 2, killed: 1, failed: 0 });
    expect(operation.finishedAt).toBeUndefined();
    await cloud.clock.sleep(60_000);
    await finishOperations(cloud, beginRound(cloud), cloud.clock.now() + 20_000);
    expect(statusOf(late)).toBe("killed");
    expect(memory.getOperation("opr_1")).toMatchObject({ total: 2, killed: 2, finishedAt: cloud.clock.now() });
  });

  const openBehindTheLag = async (stage: ReturnType<typeof submitLate>) => {
    stage.memory.lagMs = 50_000;
    expect(await stage.stop()).toMatchObject({ total: 2, killed: 1, failed: 0 });
    expect(stage.memory.openOperations()).toHaveLength(1);
    return (ms: number) => {
      stage.cloud.clock.sleep(ms);
      return finishOperations(stage.cloud, beginRound(stage.cloud), stage.cloud.clock.now() + 20_000);
    };
  };

  it("keeps the stop open while it is counted, however long the index lags", async () => {
    const stage = submitLate();
    const { memory, statusOf, late } = stage;
    const lookAgainIn = await openBehindTheLag(stage);
    await lookAgainIn(20_000);
    expect([statusOf(late), memory.openOperations().length]).toEqual(["queued", 1]);
    await lookAgainIn(60_000);
    expect([statusOf(late), memory.openOperations().length]).toEqual(["killed", 0]);
    expect(memory.getOperation("opr_1")).toMatchObject({ total: 2, killed: 2 });
  });

  it("keeps the stop open while nobody can count, as well", async () => {
    const stage = submitLate();
    const { cloud, memory, statusOf, late } = stage;
    const { countTasks } = cloud.table;
    cloud.table.countTasks = () => Promise.reject(new Error("not now"));
    memory.lagMs = 50_000;
    expect(await stage.stop()).toMatchObject({ killed: 1, failed: 0 });
    expect([statusOf(late), memory.openOperations().length]).toEqual(["queued", 1]);
    cloud.table.countTasks = countTasks;
    await cloud.clock.sleep(60_000);
    await finishOperations(cloud, beginRound(cloud), cloud.clock.now() + 20_000);
    expect([statusOf(late), memory.openOperations().length]).toEqual(["killed", 0]);
  });

  it("and that is never found, because the count is wrong, keeps it open for an hour and no longer", async () => {
    const stage = submitLate();
    const lookAgainIn = await openBehindTheLag(stage);
    stage.memory.lagMs = 86_400_000;
    await lookAgainIn(50 * 60_000);
    expect(stage.memory.openOperations()).toHaveLength(1);
    await lookAgainIn(11 * 60_000);
    expect(stage.memory.openOperations()).toEqual([]);
  });

  it("does not keep a stop open for ever that others are submitted behind, once it was released", async () => {
    const { cloud, memory, statusOf, late } = submitLate();
    await stopScope(cloud, everything, "key_1", "a leaked key", cloud.clock.now() + 1_000);
    await turnSwitch(cloud, everything, "release", "key_1", "all is well again");
    const creation = makeCreation({ workspace: "team-000", admitted: { global: 1, workspace: 0, backend: 0 } });
    expect(memory.createTask(creation)).toEqual({ kind: "created" });
    await cloud.clock.sleep(60_000);
    await finishOperations(cloud, beginRound(cloud), cloud.clock.now() + 20_000);
    expect([late, creation.task.taskId].map(statusOf)).toEqual(["killed", "queued"]);
    expect(memory.openOperations()).toEqual([]);
  });
});
