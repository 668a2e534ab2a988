// What came to pass in each hour of a workspace? Counters that move in the transactions of the tasks' ends and cleanups.
import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { emptyHour, type Hour, hourMs, hourOf } from "../core/spending.ts";
import type { TaskChange } from "../core/table.ts";
import { isFinal } from "../core/task.ts";
import { addTo, type Dynamo, queryItems, toItem } from "./dynamo.ts";
import { hourKey, hoursUntil, shardOf } from "./keys.ts";

/** Longer than anybody is shown; then TTL removes them. What is younger than that fits into one transaction. */
const keptHours = 48;

/** Sharded like the other counters, and unconditional, so they never refuse. */
export function countHours(dynamo: Dynamo, { before, after, spent }: TaskChange): TransactWriteItem[] {
  const now = hourOf(after.updatedAt);
  const counts = new Map<number, Record<string, number>>();
  for (const [hour, microDollars] of spent ?? []) if (hour > now - keptHours) counts.set(hour, { microDollars });
  if (isFinal(after.status) && !isFinal(before.status)) counts.set(now, { ...counts.get(now), [after.status]: 1 });
  return [...counts].map(([hour, by]) =>
    addTo(dynamo, hourKey(after.workspace, hour, shardOf(after.taskId)), by, {
      expiresAt: ((hour + keptHours) * hourMs) / 1000,
    }),
  );
}

/** Oldest first; an hour in which nothing ended and nothing was spent is not there. */
export async function listHours(dynamo: Dynamo, workspace: string, from: number, until: number): Promise<Hour[]> {
  const items = await queryItems(dynamo, {
    KeyConditionExpression: "pk = :pk AND sk BETWEEN :from AND :until",
    ExpressionAttributeValues: toItem({
      ":pk": hourKey(workspace, from, 0).pk,
      ":from": hourKey(workspace, from, 0).sk,
      ":until": hoursUntil(until),
    }),
    ConsistentRead: true,
  });
  const hours = new Map<number, Hour>();
  for (const { sk, completed = 0, failed = 0, killed = 0, microDollars = 0 } of items) {
    const hour = Number(String(sk).split(".")[0]);
    const sum = hours.get(hour) ?? emptyHour(hour);
    hours.set(hour, {
      hour,
      completed: sum.completed + Number(completed),
      failed: sum.failed + Number(failed),
      killed: sum.killed + Number(killed),
      microDollars: sum.microDollars + Number(microDollars),
    });
  }
  return [...hours.values()];
}
