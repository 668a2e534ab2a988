// How does drover talk to DynamoDB? Marshalling, and the translation of its two kinds of conflict.
import {
  type AttributeValue,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  type QueryCommandInput,
  TransactionCanceledException,
  type TransactWriteItem,
} from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import type { Key } from "./keys.ts";
import { isServiceFailure } from "./service-failure.ts";

export interface Dynamo {
  client: DynamoDBClient;
  tableName: string;
}

export type Item = Record<string, unknown>;

export const toItem = (item: object): Record<string, AttributeValue> => marshall(item, { removeUndefinedValues: true });
export const fromItem = (item: Record<string, AttributeValue>): Item => unmarshall(item);

export async function getItem(dynamo: Dynamo, key: Key): Promise<Item | undefined> {
  const { Item } = await dynamo.client.send(
    new GetItemCommand({ TableName: dynamo.tableName, Key: toItem(key), ConsistentRead: true }),
  );
  return Item && fromItem(Item);
}

const batchSize = 100;

/** Strongly, a hundred keys in one request, which refuses a key that stands in it twice. Those that do not exist are left out. */
export async function getItems(dynamo: Dynamo, keys: readonly Key[]): Promise<Item[]> {
  const items: Item[] = [];
  let wanted = keys.map(toItem);
  // A busy table answers a part of a batch. What was not read is not absent; each round makes progress or the SDK throws.
  while (wanted.length > 0) {
    const Keys = wanted.slice(0, batchSize);
    const answer = await dynamo.client.send(
      new BatchGetItemCommand({ RequestItems: { [dynamo.tableName]: { Keys, ConsistentRead: true } } }),
    );
    items.push(...(answer.Responses?.[dynamo.tableName] ?? []).map(fromItem));
    wanted = [...wanted.slice(batchSize), ...(answer.UnprocessedKeys?.[dynamo.tableName]?.Keys ?? [])];
  }
  return items;
}

/** Every page of a query, up to `Limit` items in all. */
export async function queryItems(dynamo: Dynamo, input: Omit<QueryCommandInput, "TableName">): Promise<Item[]> {
  const items: Item[] = [];
  let start: Record<string, AttributeValue> | undefined;
  do {
    const page = await dynamo.client.send(
      new QueryCommand({ ...input, TableName: dynamo.tableName, ExclusiveStartKey: start }),
    );
    items.push(...(page.Items ?? []).map(fromItem));
    start = page.LastEvaluatedKey;
  } while (start && (input.Limit === undefined || items.length < input.Limit));
  return items;
}

export const put = (dynamo: Dynamo, item: object, condition: object = {}): TransactWriteItem => ({
  Put: { TableName: dynamo.tableName, Item: toItem(item), ...condition },
});

export const mustNotExist = { ConditionExpression: "attribute_not_exists(pk)" };

/** SET of every member of `set`, as an expression with its names and values; what is undefined is removed. */
export function setExpression(set: Item) {
  const entries = Object.entries(set).filter(([, value]) => value !== undefined);
  const removed = Object.keys(set).filter((name) => set[name] === undefined);
  const remove = removed.length > 0 ? ` REMOVE ${removed.map((_, i) => `#r${i}`).join(", ")}` : "";
  return {
    UpdateExpression: `SET ${entries.map((_, i) => `#s${i} = :s${i}`).join(", ")}${remove}`,
    ExpressionAttributeNames: Object.fromEntries([
      ...entries.map(([name], i) => [`#s${i}`, name]),
      ...removed.map((name, i) => [`#r${i}`, name]),
    ]),
    ExpressionAttributeValues: toItem(Object.fromEntries(entries.map(([, value], i) => [`:s${i}`, value]))),
  };
}

/** Counts on, and begins a counter that is not there; without a condition, so it never refuses. `set` beside that. */
export function addTo(dynamo: Dynamo, key: Key, by: Record<string, number>, set: Item = {}): TransactWriteItem {
  const [added, placed] = [Object.entries(by), Object.entries(set)];
  const sets = placed.length > 0 ? ` SET ${placed.map((_, i) => `#s${i} = :s${i}`).join(", ")}` : "";
  return {
    Update: {
      TableName: dynamo.tableName,
      Key: toItem(key),
      UpdateExpression: `ADD ${added.map((_, i) => `#c${i} :c${i}`).join(", ")}${sets}`,
      ExpressionAttributeNames: Object.fromEntries([
        ...added.map(([name], i) => [`#c${i}`, name]),
        ...placed.map(([name], i) => [`#s${i}`, name]),
      ]),
      ExpressionAttributeValues: toItem(
        Object.fromEntries([
          ...added.map(([, value], i) => [`:c${i}`, value]),
          ...placed.map(([, value], i) => [`:s${i}`, value]),
        ]),
      ),
    },
  };
}

/** Why a transaction was cancelled, one reason an item in the order of the items; undefined for any other error. */
export function cancellationReasons(error: unknown): { code: string; item?: Item }[] | undefined {
  if (!(error instanceof TransactionCanceledException)) return undefined;
  return (error.CancellationReasons ?? []).map((reason) => ({
    code: reason.Code ?? "None",
    ...(reason.Item ? { item: fromItem(reason.Item) } : {}),
  }));
}

const contentionCodes = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];

/** Another transaction held one of the items, or the table was busy: nothing was written by this try, and another may do. */
export const isContention = (reasons: readonly { code: string }[]): boolean =>
  reasons.some(({ code }) => contentionCodes.includes(code));

export const isConditionFailure = (error: unknown): error is ConditionalCheckFailedException =>
  error instanceof ConditionalCheckFailedException;

const doubtfulNames = [
  "ProvisionedThroughputExceededException",
  "ThrottlingException",
  "RequestLimitExceeded",
  "TransactionInProgressException",
];

/**
 * After the SDK's own retries nobody knows what became of a write: there is no answer, or only the last try is told of.
 *
 *   written ── its answer is lost ── the SDK sends it again ── throttled
 */
export const isInDoubt = (error: unknown): boolean =>
  error instanceof Error && (doubtfulNames.includes(error.name) || (isServiceFailure(error) && !isRefusal(error)));

/** DynamoDB has answered that it will not: nothing was written. */
function isRefusal(error: Error & { $metadata?: { httpStatusCode?: number } }): boolean {
  const status = error.$metadata?.httpStatusCode ?? 0;
  return status >= 400 && status < 500;
}
