// What has happened in a workspace since a moment, over all its tasks?
import type { AuditEvent } from "../core/audit.ts";
import type { TaskId } from "../core/ids.ts";
import { type Dynamo, getItem, queryItems, toItem } from "./dynamo.ts";
import { feedPartitions, feedSortKey, indexes } from "./keys.ts";
import { stripKeys } from "./tasks.ts";

/** Oldest first, from `from` on. The index lags, so an event may show up after a younger one: callers look back a bit. */
export async function listFeed(
  dynamo: Dynamo,
  workspace: string,
  from: number,
  until: number,
  limit: number,
): Promise<AuditEvent[]> {
  const events: AuditEvent[] = [];
  for (const partition of feedPartitions(workspace, from, until)) {
    const keys = await queryItems(dynamo, {
      IndexName: indexes.feed.name,
      KeyConditionExpression: "feedPk = :partition AND feedSk BETWEEN :from AND :until",
      ExpressionAttributeValues: toItem({
        ":partition": partition,
        ":from": feedSortKey(from),
        ":until": feedSortKey(until + 1),
      }),
      Limit: limit - events.length,
    });
    const items = await Promise.all(keys.map((key) => getItem(dynamo, { pk: key.pk as TaskId, sk: String(key.sk) })));
    events.push(...items.flatMap((item) => (item ? [stripKeys<AuditEvent>(item)] : [])));
    if (events.length >= limit) break;
  }
  return events;
}
