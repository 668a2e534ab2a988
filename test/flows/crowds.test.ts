// Does a crowd that cannot run, since it was stopped or waits for a full pool, keep anybody else from a free slot?
import { describe, expect, it } from "vitest";
import type { TaskId } from "../../functions/core/ids.ts";
import type { Limits } from "../../functions/core/slots.ts";
import type { Table } from "../../functions/core/table.ts";
import type { Task } from "../../functions/core/task.ts";
import { dispatchTask } from "../../functions/flows/dispatch-task.ts";
import { killTask } from "../../functions/flows/kill-task.ts";
import { promoteHeld } from "../../functions/flows/promote-waiting.ts";
import { beginRound } from "../../functions/flows/round.ts";
import { stopScope } from "../../functions/flows/stop-scope.ts";
import { turnSwitch } from "../../functions/flows/turn-switch.ts";
import { makeCreation } from "../contract/support.ts";
import { MemoryTable } from "../simulation/cloud/memory-table.ts";
import { makeAsync, methodsOf } from "../simulation/cloud/sync.ts";
import { now } from "../support/make-task.ts";
import { openMemoryCloud, startClock } from "../support/memory-cloud.ts";

const many = { kind: "workspace", name: "many" } as const;

function open(limits: Limits = { global: 20 }) {
  const clock = startClock(now);
  const woken: TaskId[] = [];
  const refused = new Set<TaskId>();
  const asked: (keyof Table)[] = [];
  const memory = new MemoryTable(clock.now);
  const inMemory = makeAsync<Table>(memory, methodsOf(MemoryTable));
  const table: Table = {
    ...inMemory,
    async commit(change) {
      if (refused.has(change.after.taskId)) throw new Error("not now");
      return inMemory.commit(change);
    },
    async getTasks(taskIds) {
      asked.push("getTasks");
      return inMemory.getTasks(taskIds);
    },
    async postpone(task, at) {
      asked.push("postpone");
      return inMemory.postpone(task, at);
    },
  };
  const wakeUps = { send: async (taskId: TaskId) => void woken.push(taskId), probe: async () => undefined };
  const cloud = openMemoryCloud(memory, { table, clock, settings: { limits }, wakeUps });
  const make = (count: number, over: Partial<Task>): TaskId[] =>
    Array.from({ length: count }, () => {
      const creation = makeCreation({ ...over, createdAt: clock.now() });
      expect(memory.createTask(creation)).toEqual({ kind: "created" });
      clock.pass(1);
      return creation.task.taskId;
    });
  const statusOf = (taskId: TaskId | undefined) => taskId && memory.getTask(taskId)?.status;
  const dispatch = async (taskId: TaskId | undefined) => {
    const dispatch = await dispatchTask(cloud, taskId);
    return dispatch.kind === "dispatched" ? dispatch.taskId : dispatch.reason;
  };
  /** Its fence is written, and none of its kills. */
  const stop = () => stopScope(cloud, many, "key_1", "a bad prompt", clock.now() - 1);
  const release = () => turnSwitch(cloud, many, "release", "key_2", "a better one");
  const countReady = (repositoryKey: string) =>
    memory.readyAfter("", 10_000).filter(({ taskId }) => memory.getTask(taskId)?.repositoryKey === repositoryKey)
      .length;
  return { cloud, memory, make, statusOf, dispatch, stop, release, clock, woken, refused, asked, countReady };
}

it.each([
  "stopped",
  "stopped and released",
])("a crowd that is %s takes no wake-up from another workspace, and a few of it end behind each launch", async (state) => {
  const { make, statusOf, dispatch, stop, release } = open();
  const others = make(8, { workspace: "one" });
  expect(await dispatch(others[0])).toBe(others[0]);
  const crowd = make(300, { workspace: "many" });
  await stop();
  if (state !== "stopped") await release();
  for (const taskId of crowd.slice(0, 7)) expect(others).toContain(await dispatch(taskId));
  expect(new Set(others.map(statusOf))).toEqual(new Set(["launching"]));
  const ended = crowd.filter((taskId) => statusOf(taskId) === "killed").length;
  expect(ended).toBeGreaterThanOrEqual(7);
  expect(ended).toBeLessThanOrEqual(7 * 5);
});

it("what a workspace submits after its release does not wait for the crowd in front of it, whatever its priority", async () => {
  const { cloud, make, dispatch, stop, release } = open();
  make(550, { workspace: "many", priority: 8 });
  make(150, { workspace: "many", priority: 5 });
  // Of one that came just before the stop nobody knows whether it was admitted before it, too.
  await cloud.clock.sleep(60_000);
  await stop();
  await release();
  const later = [8, 5, 3].map((priority) => {
    const [taskId] = make(1, { workspace: "many", priority, admitted: { global: 0, workspace: 1, backend: 0 } });
    return taskId;
  });
  expect([await dispatch(undefined), await dispatch(undefined), await dispatch(undefined)]).toEqual(later);
});

it("a fenced task that cannot be killed now fails no wake-up but its own", async () => {
  const { make, dispatch, stop, refused } = open();
  const [fenced] = make(1, { workspace: "many" });
  const [other] = make(1, { workspace: "one" });
  await stop();
  refused.add(fenced as TaskId);
  expect(await dispatch(other)).toBe(other);
  await expect(dispatch(fenced)).rejects.toThrow("not now");
});

it("an emergency stop ends a look at the first workspace that it covers", async () => {
  const { cloud, make, dispatch, asked } = open();
  for (let n = 0; n < 20; n += 1) make(2, { workspace: `team-${n}` });
  await stopScope(cloud, { kind: "global" }, "key_1", "a leaked key", cloud.clock.now() - 1);
  asked.length = 0;
  expect(await dispatch(undefined)).toBe("everything is stopped");
  expect(asked).toEqual(["getTasks"]);
});

describe("a crowd whose pool is full", () => {
  const limits = { global: 20, repository: 1 };

  /** One of it runs, and every slot is held while those of another repository are submitted. */
  async function crowdOut(size: number) {
    const stage = open(limits);
    const { make, dispatch } = stage;
    const [first, ...crowd] = make(size, { workspace: "many", repositoryKey: "full" });
    expect(await dispatch(first)).toBe(first);
    const others = Array.from({ length: 3 }, (_, n) => {
      const [taskId] = make(1, { workspace: "many", repositoryKey: `free-${n}` });
      return taskId as TaskId;
    });
    return { ...stage, first: first as TaskId, crowd, others };
  }

  it("is passed over by a few wake-ups, however long it is", async () => {
    const { others, dispatch, woken } = await crowdOut(1_000);
    woken.length = 0;
    const begun: (string | undefined)[] = [];
    for (let n = 0; n < 5; n += 1) begun.push(await dispatch(undefined));
    expect(begun).toEqual(expect.arrayContaining(others));
  });

  it("stays aside while its pool is full, and is looked at the more rarely the longer it is", async () => {
    const { cloud, dispatch, clock, asked, countReady } = await crowdOut(600);
    for (let n = 0; n < 5; n += 1) await dispatch(undefined);
    const renewed: number[] = [];
    for (let minute = 0; minute < 12; minute += 1) {
      asked.length = 0;
      clock.pass(60_000);
      await promoteHeld(cloud, beginRound(cloud), cloud.clock.now() + 20_000);
      renewed.push(asked.filter((method) => method === "postpone").length);
      expect(countReady("full")).toBe(0);
    }
    expect(renewed[0]).toBe(599);
    expect(Math.max(...renewed.slice(1))).toBeLessThan(300);
  });

  it("does not wait for a slot that is freed while it is put aside, and that nobody else would tell of", async () => {
    const { cloud, make, dispatch, memory, woken } = open(limits);
    const [first] = make(1, { workspace: "many", repositoryKey: "full" });
    expect(await dispatch(first)).toBe(first);
    const crowd = make(30, { workspace: "many", repositoryKey: "full" });
    const { heldSlots } = cloud.table;
    cloud.table.heldSlots = async (pool) => {
      const held = await heldSlots(pool);
      // Whoever ends lets go of nobody: none is aside yet.
      if (pool === "repository:full" && held.length > 0) await killTask(cloud, first as TaskId, "key_1", "it is done");
      return held;
    };
    woken.length = 0;
    await dispatch(crowd[0]);
    expect(memory.readyAfter("", 100).map(({ taskId }) => taskId)).toEqual([crowd[0]]);
    expect(woken).toContain(crowd[0]);
  });

  it("goes on one by one as its slots are freed, and all of it may again when nobody holds one", async () => {
    const { cloud, memory, first, crowd, dispatch, clock, woken, countReady } = await crowdOut(200);
    for (let n = 0; n < 4; n += 1) await dispatch(undefined);
    clock.pass(61_000);
    await promoteHeld(cloud, beginRound(cloud), cloud.clock.now() + 20_000);
    woken.length = 0;
    await killTask(cloud, first, "key_1", "it has done its work");
    expect(woken[0]).toBe(crowd[0]);
    expect(await dispatch(woken[0])).toBe(crowd[0]);
    // It gives its slot back, and dies before it lets anybody go.
    for (const [name, { pool }] of memory.slots) if (pool === "repository:full") memory.slots.delete(name);
    for (let minute = 0; minute < 10; minute += 1) {
      clock.pass(60_000);
      await promoteHeld(cloud, beginRound(cloud), cloud.clock.now() + 20_000);
    }
    expect(countReady("full")).toBe(198);
  });
});
