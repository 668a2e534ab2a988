// What do the contract's tests share? Tasks that nobody else has, and changes of them as the flows would make them.
import { ulid } from "ulid";
import { hashEvent } from "../../functions/core/audit.ts";
import type { TaskEvent } from "../../functions/core/events.ts";
import type { EventId, TaskId } from "../../functions/core/ids.ts";
import type { Creation, Table, TaskChange } from "../../functions/core/table.ts";
import type { Slot, Task, TaskSpec } from "../../functions/core/task.ts";
import { applyEvent } from "../../functions/core/transitions.ts";
import { makeTask, now } from "../support/make-task.ts";

export { now };
/** The table under test. The tests share it, so each keeps to a workspace and tasks of its own. */
export type OpenTable = () => Table;

export const newTaskId = (): TaskId => `tsk_${ulid()}`;
export const newEventId = (): EventId => `evt_${ulid()}`;
export const newWorkspace = (): string => `workspace-${ulid().toLowerCase()}`;

export const spec: TaskSpec = {
  repository: "https://git.example/acme/shop",
  baseBranch: "main",
  prompt: "Do what has to be done",
  agent: { kind: "command", command: ["true"] },
  limits: { wallClockMs: 900_000, rejections: 3 },
  gates: { profile: "none", gates: [], chosenBy: "agent_type" },
};

export function makeCreation(over: Partial<Task> = {}): Creation {
  const eventId = newEventId();
  const { slots: _, ...queued } = makeTask({
    taskId: newTaskId(),
    workspace: newWorkspace(),
    version: 1,
    status: "queued",
    attempt: 0,
    attemptsUsed: 0,
    createdAt: now,
    updatedAt: now,
    lastEventId: eventId,
    lastEventHash: "00".repeat(32),
    ...over,
  });
  const unhashed = {
    eventId,
    taskId: queued.taskId,
    version: 1,
    type: "created",
    at: now,
    by: "key_1",
    to: "queued",
  } as const;
  const event = { ...unhashed, data: {}, previousHash: "" };
  return { task: queued, spec, event: { ...event, hash: hashEvent(event) } };
}

export async function createTask(table: Table, over: Partial<Task> = {}): Promise<Task> {
  const creation = makeCreation(over);
  await table.createTask(creation);
  return creation.task;
}

export function changeOf(before: Task, wanted: TaskEvent, over: Partial<TaskChange> = {}): TaskChange {
  const applied = applyEvent(before, wanted, now);
  if (applied.kind === "refused") throw new Error(applied.reason);
  const eventId = newEventId();
  const unhashed = {
    eventId,
    taskId: before.taskId,
    version: applied.task.version,
    type: wanted.type,
    at: now,
    by: "system:test",
    from: before.status,
    to: applied.task.status,
    data: applied.data,
    previousHash: before.lastEventHash,
  };
  const event = { ...unhashed, hash: hashEvent(unhashed) };
  const after = { ...applied.task, lastEventId: eventId, lastEventHash: event.hash };
  return { before, after, event, attempt: applied.attempt, slots: applied.slots, fenced: false, ...over };
}

/** A slot of a pool that only this test uses. */
export const newSlot = (index = 0): Slot => ({ pool: `pool-${ulid()}`, index });

export async function apply(table: Table, before: Task, event: TaskEvent): Promise<Task> {
  const change = changeOf(before, event);
  const outcome = await table.commit(change);
  if (outcome.kind !== "committed") throw new Error(`${event.type} was ${outcome.kind}`);
  return change.after;
}

export const claim = (slot = newSlot()): TaskEvent => ({ type: "claimed", slots: [slot], leaseMs: 60_000 });
export const kill: TaskEvent = { type: "killed", reason: "enough", by: "key_1", cause: "kill" };
