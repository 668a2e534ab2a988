// How are backends read, and what their checks found?
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { Backend, BackendHealth, KeptBackends } from "../core/backends.ts";
import { type Dynamo, type Item, queryItems, toItem } from "./dynamo.ts";
import { backendHealthKey, backendKey, backendsPk } from "./keys.ts";

export async function listBackends(dynamo: Dynamo): Promise<KeptBackends> {
  const items = await queryItems(dynamo, {
    KeyConditionExpression: "pk = :backends",
    ExpressionAttributeValues: toItem({ ":backends": backendsPk }),
    ConsistentRead: true,
  });
  const isBackend = ({ sk, name }: Item) => sk === backendKey(String(name)).sk;
  const withoutKey = ({ pk: _pk, sk: _sk, ...rest }: Item) => rest;
  return {
    backends: items.filter(isBackend).map((item) => withoutKey(item) as unknown as Backend),
    health: items.filter((item) => !isBackend(item)).map((item) => withoutKey(item) as unknown as BackendHealth),
  };
}

/** Two that check at the same time found the same, or one of them a moment later. */
export async function putBackendHealth(dynamo: Dynamo, health: BackendHealth): Promise<void> {
  const Item = toItem({ ...backendHealthKey(health.name), ...health });
  await dynamo.client.send(new PutItemCommand({ TableName: dynamo.tableName, Item }));
}
