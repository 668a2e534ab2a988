// How are tasks, specs and events read?
import { BatchGetItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import type { AuditEvent } from "../core/audit.ts";
import type { TaskId } from "../core/ids.ts";
import type { TaskCounts, TaskPage } from "../core/table.ts";
import type { Due, Message, Task, TaskSpec } from "../core/task.ts";
import { type Dynamo, fromItem, getItem, type Item, isConditionFailure, queryItems, toItem } from "./dynamo.ts";
import {
  counterKey,
  dueSortKey,
  dueUntil,
  eventKey,
  heldBackPk,
  idempotencyKey,
  indexes,
  type Key,
  messageKey,
  phasePk,
  readyKeys,
  specKey,
  taskKey,
} from "./keys.ts";

const keyNames = new Set(["pk", "sk", ...Object.values(indexes).flatMap(({ pk, sk }) => [pk, sk] as string[])]);

/** The item without its keys: what was stored is what comes back. */
export function stripKeys<T>(item: Item): T {
  const entries = Object.entries(item).filter(([name]) => !keyNames.has(name));
  return Object.fromEntries(entries) as T;
}

async function read<T>(dynamo: Dynamo, key: Key): Promise<T | undefined> {
  const item = await getItem(dynamo, key);
  return item && stripKeys<T>(item);
}

export const getTask = (dynamo: Dynamo, taskId: TaskId) => read<Task>(dynamo, taskKey(taskId));
export const getSpec = (dynamo: Dynamo, taskId: TaskId) => read<TaskSpec>(dynamo, specKey(taskId));
export const getIdempotencyRecord = (dynamo: Dynamo, workspace: string, key: string) =>
  read<{ taskId: TaskId; bodyHash: string; expiresAt: number }>(dynamo, idempotencyKey(workspace, key));

/** Events with a version above `afterVersion`, oldest first. */
export async function listEvents(
  dynamo: Dynamo,
  taskId: TaskId,
  afterVersion: number,
  limit: number,
): Promise<AuditEvent[]> {
  const items = await queryItems(dynamo, {
    KeyConditionExpression: "pk = :task AND sk BETWEEN :first AND :last",
    ExpressionAttributeValues: toItem({
      ":task": taskId,
      ":first": eventKey(taskId, afterVersion + 1).sk,
      ":last": eventKey(taskId, 9_999_999_999).sk,
    }),
    ConsistentRead: true,
    Limit: limit,
  });
  return items.map((item) => stripKeys<AuditEvent>(item));
}

const maxMessages = 100;

export async function listMessages(dynamo: Dynamo, taskId: TaskId, after: number): Promise<Message[]> {
  const items = await queryItems(dynamo, {
    KeyConditionExpression: "pk = :task AND sk BETWEEN :first AND :last",
    ExpressionAttributeValues: toItem({
      ":task": taskId,
      ":first": messageKey(taskId, after + 1).sk,
      ":last": messageKey(taskId, 999_999).sk,
    }),
    ConsistentRead: true,
    Limit: maxMessages,
  });
  return items.map((item) => stripKeys<Message>(item));
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
  return { active: sum("active"), completed: sum("completed"), failed: sum("failed"), killed: sum("killed") };
}

/** At most 100, as one request allows; it refuses a key that stands in it twice. */
export async function getTasks(dynamo: Dynamo, ids: TaskId[]): Promise<Map<TaskId, Task>> {
  const found = new Map<TaskId, Task>();
  let wanted = [...new Set(ids)].map((id) => toItem(taskKey(id)));
  // DynamoDB may answer part of a batch when it is busy; each round makes progress or the SDK throws.
  while (wanted.length > 0) {
    const answer = await dynamo.client.send(
      new BatchGetItemCommand({ RequestItems: { [dynamo.tableName]: { Keys: wanted, ConsistentRead: true } } }),
    );
    for (const item of answer.Responses?.[dynamo.tableName] ?? []) {
      const task = stripKeys<Task>(fromItem(item));
      found.set(task.taskId, task);
    }
    wanted = answer.UnprocessedKeys?.[dynamo.tableName]?.Keys ?? [];
  }
  return found;
}

export async function readyHead(dynamo: Dynamo, workspace: string, limit: number): Promise<TaskId[]> {
  const keys = await queryItems(dynamo, {
    IndexName: indexes.ready.name,
    KeyConditionExpression: "readyPk = :workspace",
    ExpressionAttributeValues: toItem({ ":workspace": workspace }),
    Limit: limit,
  });
  return keys.map((key) => key.pk as TaskId);
}

export async function dueTasks(dynamo: Dynamo, kind: Due["kind"], now: number, limit: number): Promise<TaskId[]> {
  const keys = await queryItems(dynamo, {
    IndexName: indexes.due.name,
    KeyConditionExpression: "duePk = :kind AND dueSk <= :until",
    ExpressionAttributeValues: toItem({ ":kind": kind, ":until": dueUntil(now) }),
    Limit: limit,
  });
  return keys.map((key) => key.pk as TaskId);
}

const maxCounted = 10_000;

export async function countDelayed(dynamo: Dynamo, workspace: string): Promise<number> {
  const kind: Due["kind"] = "ready";
  const keys = await queryItems(dynamo, {
    IndexName: indexes.due.name,
    KeyConditionExpression: "duePk = :kind",
    ExpressionAttributeValues: toItem({ ":kind": kind }),
    Limit: maxCounted,
  });
  return keys.filter((key) => String(key.dueSk).endsWith(`#${workspace}`)).length;
}

export async function oldestActive(dynamo: Dynamo, workspace: string, limit: number): Promise<Task[]> {
  const keys = await queryItems(dynamo, {
    IndexName: indexes.phase.name,
    KeyConditionExpression: "phasePk = :active",
    ExpressionAttributeValues: toItem({ ":active": phasePk(workspace, "active") }),
    Limit: limit,
  });
  return [
    ...(
      await getTasks(
        dynamo,
        keys.map((key) => key.pk as TaskId),
      )
    ).values(),
  ];
}

/** Moves a waiting task from the due index to the ready index, unless it changed meanwhile. */
export function makeReady(dynamo: Dynamo, task: Task): Promise<void> {
  const keys = readyKeys(task);
  return updateUnchanged(dynamo, task, "SET readyPk = :pk, readySk = :sk REMOVE duePk, dueSk, due", {
    ":pk": keys.readyPk,
    ":sk": keys.readySk,
  });
}

export function holdBack(dynamo: Dynamo, task: Task, pool: string, at: number): Promise<void> {
  const due: Due = { kind: "ready", at };
  const values = {
    ":due": due,
    ":duePk": due.kind,
    ":dueSk": dueSortKey(at, task),
    ":readyPk": heldBackPk(pool),
    ":readySk": readyKeys(task).readySk,
  };
  return updateUnchanged(
    dynamo,
    task,
    "SET due = :due, duePk = :duePk, dueSk = :dueSk, readyPk = :readyPk, readySk = :readySk",
    values,
  );
}

export const heldBackHead = (dynamo: Dynamo, pool: string, limit: number): Promise<TaskId[]> =>
  readyHead(dynamo, heldBackPk(pool), limit);

export function postpone(dynamo: Dynamo, task: Task, at: number): Promise<void> {
  const dueSk = dueSortKey(at, task);
  return updateUnchanged(
    dynamo,
    task,
    "SET due.#at = :at, dueSk = :dueSk",
    { ":at": at, ":dueSk": dueSk },
    {
      "#at": "at",
    },
  );
}

/** No event and no version: only index attributes move, and only while the task is the one that was read. */
async function updateUnchanged(
  dynamo: Dynamo,
  task: Task,
  UpdateExpression: string,
  values: Item,
  names?: Record<string, string>,
): Promise<void> {
  try {
    await dynamo.client.send(
      new UpdateItemCommand({
        TableName: dynamo.tableName,
        Key: toItem(taskKey(task.taskId)),
        UpdateExpression,
        ConditionExpression: "version = :read",
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: toItem({ ":read": task.version, ...values }),
      }),
    );
  } catch (error) {
    // Whoever changed the task also wrote its index keys; nothing is left to do here.
    if (!isConditionFailure(error)) throw error;
  }
}
