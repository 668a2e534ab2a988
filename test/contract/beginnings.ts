// What does a creation promise? Task, spec and first event together, and one task for one idempotency key.
import { expect, it } from "vitest";
import { hourOf } from "../../functions/core/spending.ts";
import type { Task } from "../../functions/core/task.ts";
import {
  apply,
  changeOf,
  claim,
  createTask,
  kill,
  makeCreation,
  newTaskId,
  newWorkspace,
  now,
  type OpenTable,
  spec,
} from "./support.ts";

const dayMs = 24 * 60 * 60 * 1000;

export function beginningContract(open: OpenTable): void {
  it("writes the task, what was asked for, and the first event", async () => {
    const table = open();
    const creation = makeCreation({ labels: ["a"] });
    expect(await table.createTask(creation)).toEqual({ kind: "created" });
    const { taskId } = creation.task;
    expect(await table.getTask(taskId)).toEqual(creation.task);
    expect(await table.getSpec(taskId)).toEqual(spec);
    expect(await table.listEvents(taskId, 0, 10)).toEqual([creation.event]);
    const names = await table.listWorkspaces();
    expect(names).toContain(creation.task.workspace);
    const [first = "", ...others] = names;
    expect([await table.listWorkspaces("", 1), await table.listWorkspaces(first)]).toEqual([[first], others]);
  });

  it("answers the very same creation again as created: the first answer may have been lost", async () => {
    const creation = { ...makeCreation(), idempotency: { key: "k", bodyHash: "b", expiresAt: now + dayMs } };
    expect(await open().createTask(creation)).toEqual({ kind: "created" });
    expect(await open().createTask(creation)).toEqual({ kind: "created" });
  });

  it("makes one task for one key of a workspace, and tells which", async () => {
    const table = open();
    const workspace = newWorkspace();
    const idempotency = { key: "k", bodyHash: "body", expiresAt: now + dayMs };
    const first = { ...makeCreation({ workspace }), idempotency };
    const second = { ...makeCreation({ workspace }), idempotency: { ...idempotency, bodyHash: "other" } };
    await table.createTask(first);
    const outcome = await table.createTask(second);
    expect(outcome).toMatchObject({ kind: "repeated", taskId: first.task.taskId, bodyHash: "body" });
    expect(await table.getTask(second.task.taskId)).toBeUndefined();
    expect(await table.getSpec(second.task.taskId)).toBeUndefined();
    const elsewhere = { ...makeCreation(), idempotency };
    expect(await table.createTask(elsewhere)).toEqual({ kind: "created" });
    expect(await table.getIdempotencyRecord(workspace, "k")).toMatchObject({ taskId: first.task.taskId });
    expect(await table.getIdempotencyRecord(workspace, "another")).toBeUndefined();
  });

  it("lets an expired key make a task again", async () => {
    const table = open();
    const workspace = newWorkspace();
    const old = { ...makeCreation({ workspace }), idempotency: { key: "k", bodyHash: "b", expiresAt: now } };
    const created = { workspace, createdAt: now + 1_000 };
    const next = { ...makeCreation(created), idempotency: { key: "k", bodyHash: "c", expiresAt: now + dayMs } };
    await table.createTask(old);
    expect(await table.createTask(next)).toEqual({ kind: "created" });
    expect(await table.getIdempotencyRecord(workspace, "k")).toMatchObject({ taskId: next.task.taskId });
  });

  it("reads many tasks at once, each once, and leaves out what is not there", async () => {
    const table = open();
    const [first, second, absent] = [await createTask(table), await createTask(table), makeCreation().task];
    const found = await table.getTasks([first.taskId, absent.taskId, second.taskId, first.taskId]);
    const byId = (tasks: Task[]) => tasks.toSorted((a, b) => (a.taskId < b.taskId ? -1 : 1));
    expect(byId(found)).toEqual(byId([first, second]));
    expect(await table.getTasks([])).toEqual([]);
    // DynamoDB takes a hundred keys in one request.
    const many = Array.from({ length: 250 }, newTaskId);
    expect(await table.getTasks([...many, first.taskId])).toEqual([first]);
  });

  it("counts the tasks of a workspace by how they stand", async () => {
    const table = open();
    const workspace = newWorkspace();
    const [first, second] = [await createTask(table, { workspace }), await createTask(table, { workspace })];
    await apply(table, first, kill);
    await apply(table, second, claim());
    expect(await table.countTasks(workspace)).toEqual({ active: 1, completed: 0, failed: 0, killed: 1, gate: 0 });
    expect(await table.countTasks(newWorkspace())).toEqual({ active: 0, completed: 0, failed: 0, killed: 0, gate: 0 });
  });

  it("lets one at a time through the gate of the counts, whoever else is created or ends", async () => {
    const table = open();
    const workspace = newWorkspace();
    const create = async (gate?: number) =>
      (await table.createTask({ ...makeCreation({ workspace }), ...(gate === undefined ? {} : { gate }) })).kind;
    expect(await create(0)).toBe("created");
    expect(await create(0)).toBe("crowded");
    await createTask(table, { workspace });
    await apply(table, await createTask(table, { workspace }), kill);
    expect(await create(1)).toBe("created");
    expect(await create(1)).toBe("crowded");
    expect(await table.countTasks(workspace)).toMatchObject({ active: 3, killed: 1, gate: 2 });
  });

  it("counts by the hour what ended and what was spent, each once", async () => {
    const table = open();
    const workspace = newWorkspace();
    const hour = hourOf(now);
    const [first, second] = [await createTask(table, { workspace }), await createTask(table, { workspace })];
    await apply(table, first, kill);
    const claimed = await apply(table, second, claim());
    const killed = await apply(table, claimed, kill);
    const cleanup = { type: "cleanup", attempt: 1, sandbox: "stopped", slots: "released" } as const;
    const spent = new Map([
      [hour, 30],
      [hour - 1, 12],
    ]);
    const change = changeOf(killed, cleanup, { spent });
    expect(await table.commit(change)).toEqual({ kind: "committed" });
    expect(await table.commit(change)).toEqual({ kind: "committed" });
    expect(await table.listHours(workspace, hour - 1, hour)).toEqual([
      { hour: hour - 1, completed: 0, failed: 0, killed: 0, microDollars: 12 },
      { hour, completed: 0, failed: 0, killed: 2, microDollars: 30 },
    ]);
    expect(await table.listHours(workspace, hour + 1, hour + 2)).toEqual([]);
    expect(await table.listHours(newWorkspace(), hour - 1, hour)).toEqual([]);
  });

  it("knows nothing of what was never written", async () => {
    const { task } = makeCreation();
    expect(await open().getTask(task.taskId)).toBeUndefined();
    expect(await open().getSpec(task.taskId)).toBeUndefined();
    expect(await open().listEvents(task.taskId, 0, 10)).toEqual([]);
    expect(await open().listAttempts(task.taskId)).toEqual([]);
  });
}
