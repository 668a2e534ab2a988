// How are tasks, specs and events read?
import { BatchGetItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import type { AuditEvent } from "../core/audit.ts";
import type { TaskId } from "../core/ids.ts";
import type { Due, Task, TaskSpec } from "../core/task.ts";
import { type Dynamo, fromItem, getItem, type Item, isConditionFailure, queryItems, toItem } from "./dynamo.ts";
import {
  dueSortKey,
  dueUntil,
  eventKey,
  idempotencyKey,
  indexes,
  type Key,
  readyKeys,
  specKey,
  taskKey,
} from "./keys.ts";

/** The item without its keys: what was stored is what comes back. */
function stripKeys<T>(item: Item): T {
  const { pk: _pk, sk: _sk, listPk: _a, listSk: _b, readyPk: _c, readySk: _d, duePk: _e, dueSk: _f, ...rest } = item;
  return rest as T;
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

/** The index holds keys only, so the tasks themselves are read strongly, up to 100 in one request. */
export async function listTasks(
  dynamo: Dynamo,
  workspace: string,
  before: TaskId | undefined,
  limit: number,
): Promise<{ tasks: Task[]; next?: TaskId }> {
  const keys = await queryItems(dynamo, {
    IndexName: indexes.list.name,
    KeyConditionExpression: before ? "listPk = :workspace AND listSk < :before" : "listPk = :workspace",
    ExpressionAttributeValues: toItem({ ":workspace": workspace, ...(before ? { ":before": before } : {}) }),
    ScanIndexForward: false,
    Limit: limit + 1,
  });
  const ids = keys.slice(0, limit).map((key) => key.listSk as TaskId);
  const found = await getTasks(dynamo, ids);
  const tasks = ids.flatMap((id) => found.get(id) ?? []);
  const last = ids.at(-1);
  return keys.length > limit && last ? { tasks, next: last } : { tasks };
}

async function getTasks(dynamo: Dynamo, ids: TaskId[]): Promise<Map<TaskId, Task>> {
  const found = new Map<TaskId, Task>();
  let wanted = ids.map((id) => toItem(taskKey(id)));
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

/** Moves a waiting task from the due index to the ready index, unless it changed meanwhile. */
export function makeReady(dynamo: Dynamo, task: Task): Promise<void> {
  const keys = readyKeys(task);
  return updateUnchanged(dynamo, task, "SET readyPk = :pk, readySk = :sk REMOVE duePk, dueSk, due", {
    ":pk": keys.readyPk,
    ":sk": keys.readySk,
  });
}

export function postpone(dynamo: Dynamo, task: Task, at: number): Promise<void> {
  const dueSk = dueSortKey(at, task.taskId);
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
        ConditionExpression: "version = :read AND attribute_exists(due)",
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: toItem({ ":read": task.version, ...values }),
      }),
    );
  } catch (error) {
    // Whoever changed the task also wrote its index keys; nothing is left to do here.
    if (!isConditionFailure(error)) throw error;
  }
}
