import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import {
  ConditionalCheckFailedException,
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  ProvisionedThroughputExceededException,
  PutItemCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type FaultProxy, hold, startFaultProxy } from "./fault-proxy.ts";

const TableName = "faults";
const binary = fileURLToPath(new URL("../../node_modules/@dynoxide/linux-x64/dynoxide", import.meta.url));

let database: ChildProcess;
let databaseUrl: string;
let proxy: FaultProxy;
let dynamo: DynamoDBClient;
/** Past the proxy: what is really in the table. */
let direct: DynamoDBClient;
let id = 0;

const client = (endpoint: string, maxAttempts: number) =>
  new DynamoDBClient({
    region: "us-east-1",
    endpoint,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts,
  });

beforeAll(async () => {
  const port = await findFreePort();
  databaseUrl = `http://127.0.0.1:${port}`;
  database = spawn(binary, ["--host", "127.0.0.1", "--port", String(port)], { stdio: "ignore" });
  direct = client(databaseUrl, 30);
  await direct.send(new ListTablesCommand({}));
  await direct.send(
    new CreateTableCommand({
      TableName,
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
      BillingMode: "PAY_PER_REQUEST",
    }),
  );
});

afterAll(async () => {
  direct.destroy();
  database.kill();
  await once(database, "exit");
});

beforeEach(async () => {
  id += 1;
  proxy = await startFaultProxy(databaseUrl);
  dynamo = client(proxy.url, 1);
});

afterEach(async () => {
  dynamo.destroy();
  await proxy.close();
});

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}

const key = () => ({ pk: { S: `item-${id}` } });

const create = (by = dynamo) =>
  by.send(
    new PutItemCommand({
      TableName,
      Item: { ...key(), n: { N: "1" } },
      ConditionExpression: "attribute_not_exists(pk)",
    }),
  );

const createInTransaction = (by = dynamo) =>
  by.send(
    new TransactWriteItemsCommand({
      TransactItems: [{ Put: { TableName, Item: key(), ConditionExpression: "attribute_not_exists(pk)" } }],
    }),
  );

async function exists(): Promise<boolean> {
  return (await direct.send(new GetItemCommand({ TableName, Key: key(), ConsistentRead: true }))).Item !== undefined;
}

describe("without a rule that applies", () => {
  it("requests, answers and errors pass unchanged", async () => {
    const other = proxy.on({ operation: "DeleteItem", do: { kind: "drop_request" } });
    await create();
    const { Item } = await dynamo.send(new GetItemCommand({ TableName, Key: key() }));
    expect(Item).toEqual({ ...key(), n: { N: "1" } });
    await expect(create()).rejects.toBeInstanceOf(ConditionalCheckFailedException);
    expect(other.hits()).toBe(0);
  });
});

describe("drop_request", () => {
  it("never arrives", async () => {
    const rule = proxy.on({ operation: "PutItem", do: { kind: "drop_request" } });
    await expect(create()).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(await exists()).toBe(false);
    expect(rule.hits()).toBe(1);
    rule.remove();
    await create();
    expect(await exists()).toBe(true);
  });
});

describe("drop_answer", () => {
  it("takes effect, and nobody is told", async () => {
    proxy.on({ operation: "PutItem", do: { kind: "drop_answer" } });
    await expect(create()).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(await exists()).toBe(true);
  });

  it("of a conditional write makes the SDK's own retry fail: a false conflict", async () => {
    const rule = proxy.on({ operation: "PutItem", times: 1, do: { kind: "drop_answer" } });
    const retrying = client(proxy.url, 3);
    await expect(create(retrying)).rejects.toBeInstanceOf(ConditionalCheckFailedException);
    expect(rule.hits()).toBe(1);
    retrying.destroy();
  });

  it("of a transaction does not: its retry carries the same token and succeeds", async () => {
    const tokens: unknown[] = [];
    const operation = "TransactWriteItems";
    const watch = (body: unknown) => tokens.push((body as { ClientRequestToken: unknown }).ClientRequestToken) < 0;
    proxy.on({ operation, match: watch, do: { kind: "drop_request" } });
    const rule = proxy.on({ operation, times: 1, do: { kind: "drop_answer" } });
    const retrying = client(proxy.url, 3);
    await createInTransaction(retrying);
    expect(rule.hits()).toBe(1);
    expect(tokens).toEqual([expect.any(String), tokens[0]]);
    retrying.destroy();
  });
});

describe("error", () => {
  it("is the exception the SDK knows, with its details", async () => {
    proxy.on({
      operation: "TransactWriteItems",
      do: {
        kind: "error",
        type: "TransactionCanceledException",
        message: "Transaction cancelled",
        extra: { CancellationReasons: [{ Code: "TransactionConflict" }] },
      },
    });
    const error = await createInTransaction().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TransactionCanceledException);
    expect(error).toMatchObject({ CancellationReasons: [{ Code: "TransactionConflict" }] });
    expect(await exists()).toBe(false);
  });

  it("is retried by the SDK where it would retry AWS", async () => {
    const type = "ProvisionedThroughputExceededException";
    const rule = proxy.on({ operation: "PutItem", times: 2, do: { kind: "error", type, message: "slow down" } });
    await expect(create()).rejects.toBeInstanceOf(ProvisionedThroughputExceededException);
    const retrying = client(proxy.url, 3);
    await create(retrying);
    expect(rule.hits()).toBe(2);
    retrying.destroy();
  });
});

describe("hold", () => {
  it("stops a request before it takes effect, until it is released", async () => {
    const held = hold();
    proxy.on({ operation: "PutItem", do: held });
    const writing = create();
    await held.reached;
    expect(await exists()).toBe(false);
    held.release();
    await writing;
    expect(await exists()).toBe(true);
  });

  it("lets a write land late, after its client has given up", async () => {
    const held = hold();
    const landed = hold();
    const second = await startFaultProxy(proxy.url);
    second.on({ operation: "PutItem", do: held });
    proxy.on({ operation: "PutItem", do: landed });
    const givingUp = client(second.url, 1);
    const hangUp = new AbortController();
    const item = { TableName, Item: key() };
    const writing = givingUp.send(new PutItemCommand(item), { abortSignal: hangUp.signal });
    await held.reached;
    hangUp.abort();
    await expect(writing).rejects.toMatchObject({ name: "AbortError" });
    held.release();
    await landed.reached;
    landed.release();
    await expect.poll(exists, { interval: 1 }).toBe(true);
    givingUp.destroy();
    await second.close();
  });
});

describe("delay_until", () => {
  it("forwards when the promise resolves", async () => {
    const gate = Promise.withResolvers<void>();
    const rule = proxy.on({ operation: "PutItem", do: { kind: "delay_until", promise: gate.promise } });
    const writing = create();
    await expect.poll(rule.hits, { interval: 1 }).toBe(1);
    expect(await exists()).toBe(false);
    gate.resolve();
    await writing;
  });
});

describe("a rule", () => {
  it("looks at the body, counts its times, and the first of several that apply is used", async () => {
    const mine = JSON.stringify(key());
    const match = (body: unknown) => JSON.stringify(body).includes(mine.slice(1, -1));
    const first = proxy.on({ operation: "PutItem", match, times: 1, do: { kind: "drop_request" } });
    const second = proxy.on({
      operation: "PutItem",
      match,
      do: { kind: "error", type: "InternalServerError", message: "x" },
    });
    await expect(create()).rejects.toMatchObject({ code: "ECONNRESET" });
    await expect(create()).rejects.toMatchObject({ name: "InternalServerError" });
    id += 1;
    await create();
    expect([first.hits(), second.hits()]).toEqual([1, 1]);
  });
});

it("a target that is down looks like a target that is down", async () => {
  const orphan = await startFaultProxy(`http://127.0.0.1:${await findFreePort()}`);
  const lost = client(orphan.url, 1);
  await expect(create(lost)).rejects.toMatchObject({ code: "ECONNRESET" });
  lost.destroy();
  await orphan.close();
});
