// How are schedules kept? In their workspace, and in the due index by their next time while they are not paused.
import { PutItemCommand, type TransactWriteItem } from "@aws-sdk/client-dynamodb";
import type { Schedule, ScheduleId } from "../core/schedules.ts";
import { type Dynamo, getItem, isConditionFailure, mustNotExist, put, queryItems, toItem } from "./dynamo.ts";
import { dueUntil, indexes, pendingKeys, scheduleKey } from "./keys.ts";
import { stripKeys } from "./tasks.ts";

const dueKind = "schedule";
const versionIsTheOneRead = "version = :read";

export async function getSchedule(dynamo: Dynamo, workspace: string, id: ScheduleId): Promise<Schedule | undefined> {
  const item = await getItem(dynamo, scheduleKey(workspace, id));
  return item && stripKeys<Schedule>(item);
}

export async function listSchedules(dynamo: Dynamo, workspace: string): Promise<Schedule[]> {
  const items = await queryItems(dynamo, {
    KeyConditionExpression: "pk = :schedules",
    ExpressionAttributeValues: toItem({ ":schedules": scheduleKey(workspace, "").pk }),
    ConsistentRead: true,
  });
  return items.map((item) => stripKeys<Schedule>(item));
}

/** From the keys alone: the place in the index names the schedule and its workspace. */
export async function dueSchedules(dynamo: Dynamo, now: number, limit: number) {
  const keys = await queryItems(dynamo, {
    IndexName: indexes.due.name,
    KeyConditionExpression: "duePk = :kind AND dueSk <= :until",
    ExpressionAttributeValues: toItem({ ":kind": dueKind, ":until": dueUntil(now) }),
    Limit: limit,
  });
  return keys.map(({ dueSk }) => {
    const [, scheduleId, workspace] = String(dueSk).split("#");
    return { workspace: workspace ?? "", scheduleId: scheduleId as ScheduleId };
  });
}

export async function replaceSchedule(
  dynamo: Dynamo,
  before: Schedule,
  after: Schedule,
): Promise<"replaced" | "stale"> {
  try {
    const TableName = dynamo.tableName;
    await dynamo.client.send(
      new PutItemCommand({ TableName, Item: toItem(itemOf(after)), ...ifVersionIs(before.version) }),
    );
    return "replaced";
  } catch (error) {
    if (isConditionFailure(error)) return "stale";
    throw error;
  }
}

export const writeSchedule = (dynamo: Dynamo, schedule: Schedule): TransactWriteItem =>
  put(dynamo, itemOf(schedule), schedule.version === 1 ? mustNotExist : ifVersionIs(schedule.version - 1));

export const deleteSchedule = (dynamo: Dynamo, workspace: string, id: ScheduleId): TransactWriteItem => ({
  Delete: { TableName: dynamo.tableName, Key: toItem(scheduleKey(workspace, id)) },
});

const ifVersionIs = (version: number) => ({
  ConditionExpression: versionIsTheOneRead,
  ExpressionAttributeValues: toItem({ ":read": version }),
});

function itemOf(schedule: Schedule) {
  const { workspace, scheduleId, nextAt } = schedule;
  const due = nextAt === undefined ? {} : pendingKeys(dueKind, nextAt, `${scheduleId}#${workspace}`);
  return { ...scheduleKey(workspace, scheduleId), ...schedule, ...due };
}
