// What has happened in a workspace since a moment, over all its tasks?
import type { AuditEvent, FeedPosition } from "../core/audit.ts";
import { type Dynamo, getItems, queryItems, toItem } from "./dynamo.ts";
import { feedPartitions, feedSortKey, indexes } from "./keys.ts";
import { stripKeys } from "./tasks.ts";

/** Oldest first. The index lags, so an event may show up after a younger one: callers look back a bit. */
export async function listFeed(
  dynamo: Dynamo,
  workspace: string,
  from: FeedPosition,
  until: number,
  limit: number,
): Promise<AuditEvent[]> {
  const events: AuditEvent[] = [];
  for (const partition of feedPartitions(workspace, from.at, until)) {
    const keys = await queryItems(dynamo, {
      IndexName: indexes.feed.name,
      KeyConditionExpression: "feedPk = :partition AND feedSk BETWEEN :from AND :until",
      ExpressionAttributeValues: toItem({
        ":partition": partition,
        // BETWEEN takes its ends in.
        ":from": feedSortKey(from.at, from.eventId && `${from.eventId}~`),
        ":until": feedSortKey(until + 1),
      }),
      Limit: limit - events.length,
    });
    const items = await getItems(
      dynamo,
      keys.map(({ pk, sk }) => ({ pk: String(pk), sk: String(sk) })),
    );
    // They come in any order.
    const found = items.map((item) => stripKeys<AuditEvent>(item));
    events.push(...found.sort((a, b) => (feedSortKey(a.at, a.eventId) < feedSortKey(b.at, b.eventId) ? -1 : 1)));
    if (events.length >= limit) break;
  }
  return events;
}
