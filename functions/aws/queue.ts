// Which tasks are ready, which wait for a moment or a pool, and how do they move between the two?
import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import type { TaskId } from "../core/ids.ts";
import { beginningOf, parseReady, type ReadyTask } from "../core/ready-order.ts";
import type { OwedKind, WaitingKind } from "../core/table.ts";
import type { Task } from "../core/task.ts";
import { parseWaiting, type WaitingTask, waitingUntil } from "../core/waiting-order.ts";
import { type Dynamo, type Item, isConditionFailure, queryItems, toItem } from "./dynamo.ts";
import { dueSortKey, dueUntil, heldKeys, heldPk, indexes, readyKeys, readyPk, taskKey } from "./keys.ts";

export const readyAfter = (dynamo: Dynamo, after: string, limit: number) =>
  standingAfter(dynamo, readyPk, after, limit);

export const heldAfter = (dynamo: Dynamo, pool: string, after: string, limit: number) =>
  standingAfter(dynamo, heldPk(pool), after, limit);

/** The keys alone tell all of it. */
async function standingAfter(dynamo: Dynamo, partition: string, after: string, limit: number): Promise<ReadyTask[]> {
  const keys = await queryItems(dynamo, {
    IndexName: indexes.ready.name,
    KeyConditionExpression: "readyPk = :partition AND readySk > :after",
    ExpressionAttributeValues: toItem({ ":partition": partition, ":after": after }),
    Limit: limit,
  });
  return keys.map(({ pk, readySk }) => parseReady(pk as TaskId, String(readySk)));
}

export async function readyHead(dynamo: Dynamo, workspace: string, limit: number): Promise<TaskId[]> {
  const ready = await readyAfter(dynamo, beginningOf(workspace), limit);
  return ready.filter((one) => one.workspace === workspace).map(({ taskId }) => taskId);
}

/** The keys alone tell all of it. */
export async function waitingAfter(
  dynamo: Dynamo,
  kind: WaitingKind,
  after: string,
  now: number,
  limit: number,
): Promise<WaitingTask[]> {
  const keys = await queryItems(dynamo, {
    IndexName: indexes.due.name,
    KeyConditionExpression: "duePk = :kind AND dueSk BETWEEN :after AND :until",
    // BETWEEN takes both ends in, and nothing stands there: a space comes right behind the position itself.
    ExpressionAttributeValues: toItem({ ":kind": kind, ":after": `${after} `, ":until": waitingUntil(now) }),
    Limit: limit,
  });
  return keys.map(({ pk, dueSk }) => parseWaiting(pk as TaskId, String(dueSk)));
}

export async function dueTasks(dynamo: Dynamo, kind: OwedKind, now: number, limit: number): Promise<TaskId[]> {
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

export function holdBack(dynamo: Dynamo, task: Task, pool: string, at: number): Promise<void> {
  const due = { kind: "held", at, pool } as const;
  const keys = heldKeys(task, due);
  const values = {
    ":due": due,
    ":duePk": keys.duePk,
    ":dueSk": keys.dueSk,
    ":readyPk": keys.readyPk,
    ":readySk": keys.readySk,
  };
  return updateUnchanged(
    dynamo,
    task,
    "SET due = :due, duePk = :duePk, dueSk = :dueSk, readyPk = :readyPk, readySk = :readySk",
    values,
  );
}

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
