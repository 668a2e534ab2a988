// How are the digests of the audit log kept? One item each, which says which of the stored files counts.
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { DigestRecord } from "../core/digest.ts";
import { type Dynamo, isConditionFailure, mustNotExist, queryItems, toItem } from "./dynamo.ts";
import { digestKey, digestsPk } from "./keys.ts";

/** Two reapers at the same moment make the same number; the one whose item is not accepted has made nothing. */
export async function addDigest(dynamo: Dynamo, record: DigestRecord): Promise<"added" | "exists"> {
  const Item = toItem({ ...digestKey(record.number), ...record });
  try {
    await dynamo.client.send(new PutItemCommand({ TableName: dynamo.tableName, Item, ...mustNotExist }));
    return "added";
  } catch (error) {
    if (isConditionFailure(error)) return "exists";
    throw error;
  }
}

export async function getLastDigest(dynamo: Dynamo): Promise<DigestRecord | undefined> {
  const [last] = await queryItems(dynamo, {
    KeyConditionExpression: "pk = :digests",
    ExpressionAttributeValues: toItem({ ":digests": digestsPk }),
    ConsistentRead: true,
    ScanIndexForward: false,
    Limit: 1,
  });
  return last && toRecord(last);
}

export async function listDigests(dynamo: Dynamo, afterNumber: number, limit: number): Promise<DigestRecord[]> {
  const items = await queryItems(dynamo, {
    KeyConditionExpression: "pk = :digests AND sk > :after",
    ExpressionAttributeValues: toItem({ ":digests": digestsPk, ":after": digestKey(afterNumber).sk }),
    ConsistentRead: true,
    Limit: limit,
  });
  return items.map(toRecord);
}

const toRecord = ({ number, at, coveredUntil, hash }: Record<string, unknown>): DigestRecord => ({
  number: Number(number),
  at: Number(at),
  coveredUntil: Number(coveredUntil),
  hash: String(hash),
});
