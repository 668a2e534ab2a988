// Is the table in memory the table that production has? One suite, run against both.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTable } from "../../functions/aws/table.ts";
import { tableDefinition } from "../../functions/aws/table-definition.ts";
import type { Table } from "../../functions/core/table.ts";
import { startDynoxide } from "../../infra/local/dynoxide.ts";
import { MemoryTable } from "../simulation/cloud/memory-table.ts";
import { makeAsync, methodsOf } from "../simulation/cloud/sync.ts";
import { actContract } from "./acts.ts";
import { attemptContract } from "./attempts.ts";
import { beginningContract } from "./beginnings.ts";
import { commitContract } from "./commits.ts";
import { indexContract } from "./indexes.ts";
import { now, type OpenTable } from "./support.ts";

const parts: [string, (open: OpenTable) => void][] = [
  ["a commit", commitContract],
  ["a creation", beginningContract],
  ["an attempt", attemptContract],
  ["the indexes", indexContract],
  ["acts without a task", actContract],
];

describe("the table in memory", () => {
  const table = makeAsync<Table>(new MemoryTable(() => now), methodsOf(MemoryTable));
  for (const [name, contract] of parts) describe(name, () => contract(() => table));
});

describe("the table on DynamoDB", () => {
  const folder = mkdtempSync(join(tmpdir(), "drover-contract-"));
  const TableName = "contract";
  let client: DynamoDBClient;
  let table: Table;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const local = await startDynoxide({ dbPath: join(folder, "tables.db") });
    const credentials = { accessKeyId: "local", secretAccessKey: "local" };
    client = new DynamoDBClient({ endpoint: local.url, region: "eu-central-1", credentials });
    await client.send(new CreateTableCommand({ ...tableDefinition, TableName }));
    table = openTable({ client, tableName: TableName });
    close = async () => {
      client.destroy();
      await local.close();
    };
  });
  afterAll(async () => {
    await close?.();
    rmSync(folder, { recursive: true, force: true });
  });
  for (const [name, contract] of parts) describe(name, () => contract(() => table));

  it("is asked for the names of workspaces as they are at that moment: a stop of everything goes by them", async () => {
    const asked: object[] = [];
    const watch = { name: "watch", step: "initialize" } as const;
    client.middlewareStack.add(
      (next) => (args) => {
        asked.push(args.input);
        return next(args);
      },
      watch,
    );
    await table.listWorkspaces();
    client.middlewareStack.remove(watch.name);
    expect(asked).toMatchObject([{ ConsistentRead: true }]);
  });
});
