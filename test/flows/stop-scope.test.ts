// Does a stop wait for anything before its fence? Not for other acts, nor for names, numbers or a table that is slow with them.
import { expect, it } from "vitest";
import { hashEvent } from "../../functions/core/audit.ts";
import type { Cloud } from "../../functions/core/cloud.ts";
import type { TaskId } from "../../functions/core/ids.ts";
import type { Operation } from "../../functions/core/operations.ts";
import type { ActWrite, Table } from "../../functions/core/table.ts";
import { continueOperation, stopScope } from "../../functions/flows/stop-scope.ts";
import { makeCreation, newEventId } from "../contract/support.ts";
import { MemoryTable } from "../simulation/cloud/memory-table.ts";
import { makeAsync, methodsOf } from "../simulation/cloud/sync.ts";
import { now } from "../support/make-task.ts";

const everything = { kind: "global" } as const;

/** One task in each workspace, and what the table was asked, in order. */
function open(workspaces: number, over: (table: Table) => Partial<Table> = () => ({})) {
  let time = now;
  const written: ActWrite[] = [];
  const memory = new MemoryTable(() => time);
  const inMemory = makeAsync<Table>(memory, methodsOf(MemoryTable));
  const table: Table = {
    ...inMemory,
    async commitAct(act, writes) {
      written.push(...writes);
      return inMemory.commitAct(act, writes);
    },
    ...over(inMemory),
  };
  const clock = {
    now: () => time,
    sleep: async (ms: number) => {
      time += ms;
    },
  };
  const cloud = {
    ...{ table, clock, hashEvent },
    ids: { event: newEventId, operation: () => "opr_1", random: () => 0.5 },
    settings: { limits: { global: 20 } },
    wakeUps: { send: async () => undefined },
    noticeQueue: { send: async () => undefined },
    sandboxes: () => ({ findByAgent: async () => [] }),
  } as unknown as Cloud;
  const taskIds = Array.from({ length: workspaces }, (_, n) => {
    const creation = makeCreation({ workspace: `team-${String(n).padStart(3, "0")}` });
    memory.createTask(creation);
    return creation.task.taskId;
  });
  const statusOf = (taskId: TaskId) => memory.getTask(taskId)?.status;
  const stop = () => stopScope(cloud, everything, "key_1", "a leaked key", time + 10_000);
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
  // Without the numbers alone it has come to its end already.
  expect(operation.finishedAt === undefined).toBe(method !== "countTasks");
  if (operation.finishedAt === undefined) await continueOperation(cloud, operation, now + 60_000);
  expect(memory.getOperation("opr_1")).toMatchObject({ total: 3, killed: 3, finishedAt: now });
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
  // One page of names, and no more.
  expect(asked).toBe(50);
  expect(answer).toMatchObject({ killed: 60, total: 60 });
  expect(memory.openOperations()).toEqual([]);
});

it("a stop that meets contention tries on, longer than other acts do: it is never told to come back", async () => {
  let contended = 0;
  const { memory, stop } = open(1, (inMemory) => ({
    async commitAct(act, writes) {
      contended += 1;
      return contended <= 100 ? { kind: "contended" } : inMemory.commitAct(act, writes);
    },
  }));
  await stop();
  expect(contended).toBe(101);
  expect(memory.getSwitches({ workspace: "team-000", backend: "default" }).global.generation).toBe(1);
});
