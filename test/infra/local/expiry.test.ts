// Does the local table forget what has expired, and nothing else? Written by the code that writes it in production.
import { BatchWriteItemCommand, CreateTableCommand, DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openNotices } from "../../../functions/aws/notices.ts";
import { openTable } from "../../../functions/aws/table.ts";
import { tableDefinition } from "../../../functions/aws/table-definition.ts";
import type { Delivery } from "../../../functions/core/notices.ts";
import { startDynoxide } from "../../../infra/local/dynoxide.ts";
import { sweepExpired } from "../../../infra/local/expiry.ts";
import { createTask, makeCreation, newWorkspace } from "../../contract/support.ts";
import { type FaultProxy, hold, startFaultProxy } from "../../support/fault-proxy.ts";
import { now } from "../../support/make-task.ts";
import { makeDirectory } from "./sandbox/support.ts";

const TableName = "expiry";
const dayMs = 24 * 60 * 60 * 1000;
let client: DynamoDBClient;
let proxy: FaultProxy;
let close: () => Promise<void>;

beforeAll(async () => {
  const local = await startDynoxide({ dbPath: `${makeDirectory()}/tables.db` });
  proxy = await startFaultProxy(local.url);
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  client = new DynamoDBClient({ endpoint: proxy.url, region: "us-east-1", credentials });
  await client.send(new CreateTableCommand({ ...tableDefinition, TableName }));
  close = async () => {
    client.destroy();
    await proxy.close();
    await local.close();
  };
});
afterAll(() => close?.());

const dynamo = () => ({ client, tableName: TableName });
async function countItems(): Promise<number> {
  return (await client.send(new ScanCommand({ TableName, Select: "COUNT" }))).Count ?? 0;
}

const delivery = (n: number, expiresAt: number): Delivery => ({
  deliveryId: `dlv_01K_${n}_completed`,
  webhookId: "whk_01K",
  workspace: "default",
  messageId: `evt_${n}_completed`,
  type: "task.completed",
  taskId: "tsk_01K0000000000000000000000A",
  body: "{}",
  state: "delivered",
  createdAt: now,
  attempts: 1,
  maxAttempts: 8,
  nextAt: now,
  tries: [],
  expiresAt,
});

it("deliveries, counters of requests and idempotency records go when they have expired; what has not, and what never does, stays", async () => {
  const table = openTable(dynamo());
  const notices = openNotices(dynamo());
  const seconds = Math.floor(now / 1000);
  const minute = Math.floor(seconds / 60);
  const workspace = newWorkspace();
  await createTask(table, { workspace });
  for (const [key, expiresAt] of [
    ["old", now - 1_000],
    ["new", now + dayMs],
  ] as const) {
    await table.createTask({ ...makeCreation({ workspace }), idempotency: { key, bodyHash: "b", expiresAt } });
  }
  await table.countRequest("key_1", "normal", minute - 60, 10);
  await table.countRequest("key_1", "normal", minute, 10);
  await notices.createDelivery(delivery(1, seconds - 1));
  await notices.createDelivery(delivery(2, seconds + 1));
  const before = await countItems();
  expect(await sweepExpired(client, TableName, now)).toBe(3);
  expect(await countItems()).toBe(before - 3);
  expect(await table.getIdempotencyRecord(workspace, "old")).toBeUndefined();
  expect(await table.getIdempotencyRecord(workspace, "new")).toBeDefined();
  expect(await notices.getDelivery("dlv_01K_1_completed")).toBeUndefined();
  expect(await notices.getDelivery("dlv_01K_2_completed")).toBeDefined();
  expect(await sweepExpired(client, TableName, now)).toBe(0);
});

it("an item that is written anew while the sweep is under way stays", async () => {
  const table = openTable(dynamo());
  const workspace = newWorkspace();
  const creation = { ...makeCreation({ workspace }), idempotency: { key: "k", bodyHash: "b", expiresAt: now - 1_000 } };
  await table.createTask(creation);
  const held = hold();
  const rule = proxy.on({ operation: "DeleteItem", do: held });
  const sweep = sweepExpired(client, TableName, now);
  await held.reached;
  const again = { ...makeCreation({ workspace }), idempotency: { key: "k", bodyHash: "c", expiresAt: now + dayMs } };
  expect(await table.createTask(again)).toEqual({ kind: "created" });
  held.release();
  rule.remove();
  expect(await sweep).toBe(0);
  expect(await table.getIdempotencyRecord(workspace, "k")).toMatchObject({ taskId: again.task.taskId });
});

it("finds what has expired behind a page of what has not", async () => {
  const seconds = Math.floor(now / 1000);
  const item = (n: number) => ({
    pk: { S: "page" },
    sk: { S: String(n).padStart(4, "0") },
    expiresAt: { N: String(n % 500 === 499 ? seconds - 1 : seconds + 1) },
  });
  for (let from = 0; from < 1_500; from += 25) {
    const requests = Array.from({ length: 25 }, (_, n) => ({ PutRequest: { Item: item(from + n) } }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } }));
  }
  expect(await sweepExpired(client, TableName, now)).toBe(3);
});
