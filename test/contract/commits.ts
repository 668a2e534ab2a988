// What does a commit promise? One version, one event, its attempt and slots together, or nothing of it.
import { expect, it } from "vitest";
import type { TaskEvent } from "../../functions/core/events.ts";
import { agentIdOf } from "../../functions/core/ids.ts";
import {
  apply,
  changeOf,
  claim,
  createTask,
  kill,
  newEventId,
  newSlot,
  newTaskId,
  type OpenTable,
  spec,
} from "./support.ts";

export function commitContract(open: OpenTable): void {
  it("writes the task, its event, its attempt and its slots", async () => {
    const table = open();
    const task = await createTask(table);
    const slot = newSlot(3);
    const change = changeOf(task, claim(slot));
    expect(await table.commit(change)).toEqual({ kind: "committed" });
    expect(await table.getTask(task.taskId)).toEqual(change.after);
    expect(await table.listEvents(task.taskId, 1, 10)).toEqual([change.event]);
    const agentId = agentIdOf(task.taskId, 1);
    expect(await table.getAttempt(agentId)).toMatchObject({ agentId, state: "spawning", slots: [slot] });
    expect(await table.heldSlots(slot.pool)).toEqual([{ index: 3, holder: agentId, workspace: task.workspace }]);
  });

  it("refuses a change of a version that is not the stored one, and writes nothing of it", async () => {
    const table = open();
    const task = await createTask(table);
    const slot = newSlot();
    const killed = await apply(table, task, kill);
    expect(await table.commit(changeOf(task, claim(slot)))).toEqual({ kind: "stale" });
    expect(await table.getTask(task.taskId)).toEqual(killed);
    expect(await table.heldSlots(slot.pool)).toEqual([]);
    expect(await table.listAttempts(task.taskId)).toEqual([]);
  });

  it("refuses a change of a task that does not exist", async () => {
    const task = await createTask(open());
    const stranger = { ...task, taskId: newTaskId() };
    expect(await open().commit(changeOf(stranger, kill))).toEqual({ kind: "stale" });
  });

  it("of two changes of the same version takes one", async () => {
    const table = open();
    const task = await createTask(table);
    const outcomes = await Promise.all([table.commit(changeOf(task, kill)), table.commit(changeOf(task, claim()))]);
    expect(outcomes.map(({ kind }) => kind).filter((kind) => kind === "committed")).toHaveLength(1);
    expect((await table.getTask(task.taskId))?.version).toBe(2);
  });

  it("answers its own change again as committed: the first answer may have been lost", async () => {
    const table = open();
    const task = await createTask(table);
    const change = changeOf(task, claim());
    await table.commit(change);
    expect(await table.commit(change)).toEqual({ kind: "committed" });
    expect(await table.listEvents(task.taskId, 0, 10)).toHaveLength(2);
  });

  it("answers it so also when somebody else has changed the task since", async () => {
    const table = open();
    const change = changeOf(await createTask(table), claim());
    await table.commit(change);
    const killed = await apply(table, change.after, kill);
    expect(await table.commit(change)).toEqual({ kind: "committed" });
    expect(await table.getTask(change.after.taskId)).toEqual(killed);
  });

  it("does not take its own change of long ago for the last one", async () => {
    const table = open();
    const task = await createTask(table);
    const change = changeOf(task, { type: "edited", title: "Other", fields: ["title"] });
    await table.commit(change);
    await apply(table, change.after, kill);
    const sameAgain = { ...change, event: { ...change.event, eventId: newEventId() } };
    expect(await table.commit(sameAgain)).toEqual({ kind: "stale" });
  });

  it("refuses a slot that somebody else holds, and writes nothing", async () => {
    const table = open();
    const [first, second] = [await createTask(table), await createTask(table)];
    const slot = newSlot();
    await apply(table, first, claim(slot));
    expect(await table.commit(changeOf(second, claim(slot)))).toEqual({ kind: "slot_taken" });
    expect((await table.getTask(second.taskId))?.status).toBe("queued");
  });

  it("takes all slots or none", async () => {
    const table = open();
    const [first, second] = [await createTask(table), await createTask(table)];
    const [taken, free] = [newSlot(), newSlot()];
    await apply(table, first, claim(taken));
    const both = changeOf(second, { type: "claimed", slots: [free, taken], leaseMs: 1 });
    expect(await table.commit(both)).toEqual({ kind: "slot_taken" });
    expect(await table.heldSlots(free.pool)).toEqual([]);
  });

  it("gives the slots back with the end, and never another's", async () => {
    const table = open();
    const task = await createTask(table);
    const slot = newSlot();
    const claimed = await apply(table, task, claim(slot));
    await apply(table, claimed, kill);
    expect(await table.heldSlots(slot.pool)).toEqual([]);
    const next = await createTask(table);
    await apply(table, next, claim(slot));
    await table.releaseSlot(slot, agentIdOf(task.taskId, 1));
    expect(await table.heldSlots(slot.pool)).toHaveLength(1);
    await table.releaseSlot(slot, agentIdOf(next.taskId, 1));
    expect(await table.heldSlots(slot.pool)).toEqual([]);
  });

  it("changes the attempt by what is set, and leaves the rest", async () => {
    const table = open();
    const claimed = await apply(table, await createTask(table), claim());
    await apply(table, claimed, { type: "started", leaseMs: 5_000, limitMs: 60_000 });
    const agentId = agentIdOf(claimed.taskId, 1);
    expect(await table.getAttempt(agentId)).toMatchObject({ state: "running", attempt: 1, taskId: claimed.taskId });
  });

  it("replaces what was asked for only when the change says so", async () => {
    const table = open();
    const task = await createTask(table);
    const edited: TaskEvent = { type: "edited", title: "Other", fields: ["title"] };
    await table.commit(changeOf(task, edited, { spec: { ...spec, prompt: "Something else" } }));
    expect(await table.getSpec(task.taskId)).toEqual({ ...spec, prompt: "Something else" });
  });
}
