// Could the bench of the backlog see a scan, or a page that reads too much? What it counts is what was asked for.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateTableCommand, DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openTable } from "../../../functions/aws/table.ts";
import { tableDefinition } from "../../../functions/aws/table-definition.ts";
import type { TaskId } from "../../../functions/core/ids.ts";
import type { Table } from "../../../functions/core/table.ts";
import { startDynoxide } from "../../../infra/local/dynoxide.ts";
import { createTask, newTaskId, newWorkspace } from "../../contract/support.ts";
import { countReads } from "./count-reads.ts";
import { fillTable } from "./fill-table.ts";

const folder = mkdtempSync(join(tmpdir(), "drover-counts-"));
const tableName = "counted";
const workspace = newWorkspace();
const size = 20;
let client: DynamoDBClient;
let table: Table;
let takeReads: ReturnType<typeof countReads>;
let ids: TaskId[];
let close: () => Promise<void>;

beforeAll(async () => {
  const local = await startDynoxide({ dbPath: join(folder, "tables.db") });
  close = local.close;
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  client = new DynamoDBClient({ endpoint: local.url, region: "eu-central-1", credentials });
  await client.send(new CreateTableCommand({ ...tableDefinition, TableName: tableName }));
  table = openTable({ client, tableName });
  takeReads = countReads(client);
  const taskId = newTaskId();
  await createTask(table, { taskId, workspace });
  ids = await fillTable({ client, tableName }, taskId, size);
});
afterAll(async () => {
  client?.destroy();
  await close?.();
  rmSync(folder, { recursive: true, force: true });
});

it("a page reads one entry of the index more than it shows, and the tasks that it shows", async () => {
  takeReads();
  const { tasks } = await table.listTasks(workspace, { limit: 5 });
  expect([tasks.length, takeReads()]).toEqual([
    5,
    {
      requests: new Map([
        ["QueryCommand", 1],
        ["BatchGetItemCommand", 1],
      ]),
      indexEntries: 6,
      items: 5,
    },
  ]);
  await table.getTask(ids[0] ?? newTaskId());
  expect(takeReads()).toEqual({ requests: new Map([["GetItemCommand", 1]]), indexEntries: 0, items: 1 });
});

it("a scan is seen, with all that it reads", async () => {
  takeReads();
  await client.send(new ScanCommand({ TableName: tableName, Limit: 7 }));
  expect(takeReads()).toEqual({ requests: new Map([["ScanCommand", 1]]), indexEntries: 0, items: 7 });
});

it("what fills the table is as the flows have written it: it is listed, read and ready like any other", async () => {
  const listed = (await table.listTasks(workspace, { limit: 100 })).tasks.map(({ taskId }) => taskId);
  expect(listed).toHaveLength(size + 1);
  expect(listed).toEqual(expect.arrayContaining(ids));
  expect(await table.readyHead(workspace, 100)).toHaveLength(size + 1);
  const [first = newTaskId()] = ids;
  expect(await table.getSpec(first)).toEqual(await table.getSpec(listed.at(-1) ?? newTaskId()));
  expect(await table.listEvents(first, 0, 10)).toMatchObject([{ taskId: first, version: 1, type: "created" }]);
});
