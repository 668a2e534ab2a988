// How does a table come to hold so many waiting tasks? The rows of one, as the flows have written them, are written again under other ids.
import { type AttributeValue, BatchWriteItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";
import { ulid } from "ulid";
import { type Dynamo, fromItem, toItem } from "../../../functions/aws/dynamo.ts";
import { eventKey, feedKeys, specKey, taskIndexKeys, taskKey } from "../../../functions/aws/keys.ts";
import { stripKeys } from "../../../functions/aws/tasks.ts";
import type { AuditEvent } from "../../../functions/core/audit.ts";
import type { TaskId } from "../../../functions/core/ids.ts";
import type { Task } from "../../../functions/core/task.ts";

/** So far apart they were asked for, the last of them a minute ago. */
const apartMs = 100;
const agoMs = 60_000;
/** Three rows a task; a batch takes 25. */
const tasksInBatch = 8;
const atOnce = 4;
const keptIds = 1_000;

type Row = Record<string, AttributeValue>;

/** Answers the ids of some of them, from all over the table. */
export async function fillTable(dynamo: Dynamo, template: TaskId, count: number): Promise<TaskId[]> {
  const rowsOf = await readTemplate(dynamo, template);
  const start = Date.now() - agoMs - count * apartMs;
  const kept: TaskId[] = [];
  let next = 0;
  const write = async () => {
    for (let from = next; from < count; from = next) {
      next += tasksInBatch;
      const numbers = Array.from({ length: Math.min(tasksInBatch, count - from) }, (_, n) => from + n);
      const tasks = numbers.map((n) => rowsOf(start + n * apartMs));
      if (from % (tasksInBatch * Math.ceil(count / keptIds)) < tasksInBatch)
        kept.push(...tasks.map(({ taskId }) => taskId));
      await writeAll(
        dynamo,
        tasks.flatMap(({ rows }) => rows),
      );
    }
  };
  await Promise.all(Array.from({ length: atOnce }, write));
  return kept;
}

/** Answers how to make the rows of a task like that one, asked for at some other time. */
async function readTemplate(dynamo: Dynamo, taskId: TaskId): Promise<(at: number) => { taskId: TaskId; rows: Row[] }> {
  const { Items = [] } = await dynamo.client.send(
    new QueryCommand({
      TableName: dynamo.tableName,
      KeyConditionExpression: "pk = :task",
      ExpressionAttributeValues: toItem({ ":task": taskId }),
    }),
  );
  const items = Items.map(fromItem);
  const [event, spec, task] = ["event#0000000001", "spec", "task"].map((sk) => items.find((item) => item.sk === sk));
  if (!event || !spec || !task || items.length !== 3) throw new Error(`${taskId} has ${items.length} rows, not three`);
  return (at) => {
    const id = ulid(at);
    const ids = { taskId: `tsk_${id}` as const, lastEventId: `evt_${id}` as const };
    const newTask = { ...task, ...ids, createdAt: at, updatedAt: at } as unknown as Task;
    const newEvent = { ...event, taskId: ids.taskId, eventId: ids.lastEventId, at } as unknown as AuditEvent;
    const rows = [
      toItem({ ...newTask, ...taskKey(ids.taskId), ...taskIndexKeys(stripKeys<Task>({ ...newTask })) }),
      toItem({ ...spec, ...specKey(ids.taskId) }),
      toItem({ ...newEvent, ...eventKey(ids.taskId, 1), ...feedKeys(newTask.workspace, newEvent) }),
    ];
    return { taskId: ids.taskId, rows };
  };
}

async function writeAll({ client, tableName }: Dynamo, rows: Row[]): Promise<void> {
  let left = rows.map((Item) => ({ PutRequest: { Item } }));
  while (left.length > 0) {
    const { UnprocessedItems } = await client.send(new BatchWriteItemCommand({ RequestItems: { [tableName]: left } }));
    left = (UnprocessedItems?.[tableName] ?? []) as typeof left;
  }
}
