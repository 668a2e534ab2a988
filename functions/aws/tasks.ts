// How are tasks, specs and events read?
import type { AuditEvent } from "../core/audit.ts";
import type { TaskId } from "../core/ids.ts";
import type { Message } from "../core/message.ts";
import type { TaskPage, WaitingKind } from "../core/table.ts";
import type { Task, TaskSpec } from "../core/task.ts";
import type { TaskCounts } from "../core/task-counts.ts";
import { parseWaiting } from "../core/waiting-order.ts";
import { type Dynamo, getItem, getItems, type Item, queryItems, toItem } from "./dynamo.ts";
import { noteTurns, turnsAttribute } from "./fences.ts";
import {
  counterKey,
  eventKey,
  idempotencyKey,
  indexes,
  type Key,
  messageKey,
  phasePk,
  specKey,
  taskKey,
} from "./keys.ts";

const keyNames = new Set([
  "pk",
  "sk",
  turnsAttribute,
  ...Object.values(indexes).flatMap(({ pk, sk }) => [pk, sk] as string[]),
]);

/** The item without its keys: what was stored is what comes back. */
export function stripKeys<T>(item: Item): T {
  const entries = Object.entries(item).filter(([name]) => !keyNames.has(name));
  return Object.fromEntries(entries) as T;
}

async function read<T>(dynamo: Dynamo, key: Key): Promise<T | undefined> {
  const item = await getItem(dynamo, key);
  return item && stripKeys<T>(item);
}

/** The id is the key's, whatever else of the item was lost. */
const toTask = (item: Item): Task => noteTurns({ ...stripKeys<Task>(item), taskId: item.pk as TaskId }, item);

export async function getTask(dynamo: Dynamo, taskId: TaskId): Promise<Task | undefined> {
  const item = await getItem(dynamo, taskKey(taskId));
  return item && toTask(item);
}
export const getSpec = (dynamo: Dynamo, taskId: TaskId) => read<TaskSpec>(dynamo, specKey(taskId));
export const getIdempotencyRecord = (dynamo: Dynamo, workspace: string, key: string) =>
  read<{ taskId: TaskId; bodyHash: string; expiresAt: number }>(dynamo, idempotencyKey(workspace, key));

/** Events with a version above `afterVersion`, oldest first. */
export const listEvents = (dynamo: Dynamo, taskId: TaskId, afterVersion: number, limit: number) =>
  readRange<AuditEvent>(dynamo, eventKey(taskId, afterVersion + 1), eventKey(taskId, 9_999_999_999), limit);

const maxMessages = 100;

export const listMessages = (dynamo: Dynamo, taskId: TaskId, after: number) =>
  readRange<Message>(dynamo, messageKey(taskId, after + 1), messageKey(taskId, 999_999), maxMessages);

/** What stands in one partition from a key to another, both included. */
async function readRange<T>(dynamo: Dynamo, first: Key, last: Key, limit: number): Promise<T[]> {
  const items = await queryItems(dynamo, {
    KeyConditionExpression: "pk = :pk AND sk BETWEEN :first AND :last",
    ExpressionAttributeValues: toItem({ ":pk": first.pk, ":first": first.sk, ":last": last.sk }),
    ConsistentRead: true,
    Limit: limit,
  });
  return items.map((item) => stripKeys<T>(item));
}

/** The index holds keys only, so the tasks themselves are read strongly, up to 100 in one request. */
export async function listTasks(
  dynamo: Dynamo,
  workspace: string,
  { before, since = "tsk_", limit, phase }: TaskPage,
): Promise<{ tasks: Task[]; next?: TaskId }> {
  const index = phase ? indexes.phase : indexes.list;
  const keys = await queryItems(dynamo, {
    IndexName: index.name,
    KeyConditionExpression: `${index.pk} = :partition${before ? ` AND ${index.sk} < :before` : ""}`,
    ExpressionAttributeValues: toItem({
      ":partition": phase ? phasePk(workspace, phase) : workspace,
      ...(before ? { ":before": before } : {}),
    }),
    ScanIndexForward: false,
    Limit: limit + 1,
  });
  // A sort key takes one condition, and `before` has it. What is younger than `since` stands first.
  const wanted = keys.map((key) => key.pk as TaskId).filter((id) => id >= since);
  const ids = wanted.slice(0, limit);
  const found = await getTasks(dynamo, ids);
  const tasks = ids.flatMap((id) => found.get(id) ?? []);
  const last = ids.at(-1);
  return wanted.length > limit && last ? { tasks, next: last } : { tasks };
}

export async function countTasks(dynamo: Dynamo, workspace: string): Promise<TaskCounts> {
  const shards = await queryItems(dynamo, {
    KeyConditionExpression: "pk = :counter",
    ExpressionAttributeValues: toItem({ ":counter": counterKey(workspace, 0).pk }),
    ConsistentRead: true,
  });
  const sum = (name: keyof TaskCounts) => shards.reduce((total, shard) => total + Number(shard[name] ?? 0), 0);
  return {
    active: sum("active"),
    completed: sum("completed"),
    failed: sum("failed"),
    killed: sum("killed"),
    gate: sum("gate"),
  };
}

export async function getTasks(dynamo: Dynamo, ids: TaskId[]): Promise<Map<TaskId, Task>> {
  const items = await getItems(dynamo, [...new Set(ids)].map(taskKey));
  return new Map(items.map(toTask).map((task) => [task.taskId, task]));
}

/** They stand by their time, with the workspaces among each other. */
export async function countDelayed(dynamo: Dynamo, workspaces: readonly string[], limit: number) {
  const kind: WaitingKind = "ready";
  const keys = await queryItems(dynamo, {
    IndexName: indexes.due.name,
    KeyConditionExpression: "duePk = :kind",
    ExpressionAttributeValues: toItem({ ":kind": kind }),
    Limit: limit + 1,
  });
  const asked = new Set(workspaces);
  const looked = keys.slice(0, limit).map(({ pk, dueSk }) => parseWaiting(pk as TaskId, String(dueSk)));
  return { delayed: looked.filter(({ workspace }) => asked.has(workspace)).length, isAll: keys.length <= limit };
}

export async function oldestQueued(dynamo: Dynamo, workspace: string, limit: number, after = ""): Promise<Task[]> {
  const keys = await queryItems(dynamo, {
    IndexName: indexes.phase.name,
    KeyConditionExpression: `phasePk = :queued${after ? " AND phaseSk > :after" : ""}`,
    ExpressionAttributeValues: toItem({
      ":queued": phasePk(workspace, "queued"),
      ...(after ? { ":after": after } : {}),
    }),
    Limit: limit,
  });
  const ids = keys.map((key) => key.pk as TaskId);
  const found = await getTasks(dynamo, ids);
  return ids.flatMap((id) => found.get(id) ?? []);
}
