// Does the local DynamoDB start, keep what it is told, and end with whoever started it?
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CreateTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterEach, describe, expect, it } from "vitest";
import { startDynoxide } from "../../../infra/local/dynoxide.ts";
import { makeDirectory, until } from "./sandbox/support.ts";

const source = join(import.meta.dirname, "../../../infra/local/dynoxide.ts");
const clients: DynamoDBClient[] = [];
afterEach(() => clients.splice(0).forEach((client) => void client.destroy()));

function connect(endpoint: string): DynamoDBClient {
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const client = new DynamoDBClient({ endpoint, region: "us-east-1", credentials });
  clients.push(client);
  return client;
}

function makeBrokenBubblewrap(): string {
  const directory = makeDirectory();
  writeFileSync(join(directory, "bwrap"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  return directory;
}

const key = { id: { S: "tsk_1" } };

describe("the local DynamoDB", () => {
  it("answers the SDK and keeps its tables in the file, also after it was killed", async () => {
    const dbPath = join(makeDirectory(), "state/drover.db");
    const first = await startDynoxide({ dbPath });
    expect(first.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const table = {
      TableName: "drover",
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" as const }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" as const }],
      BillingMode: "PAY_PER_REQUEST" as const,
    };
    await connect(first.url).send(new CreateTableCommand(table));
    await connect(first.url).send(
      new PutItemCommand({ TableName: "drover", Item: { ...key, status: { S: "queued" } } }),
    );
    process.kill(first.pid, "SIGKILL");
    await first.close();
    const second = await startDynoxide({ dbPath });
    const { Item } = await connect(second.url).send(new GetItemCommand({ TableName: "drover", Key: key }));
    expect(Item?.status).toEqual({ S: "queued" });
    await second.close();
    await second.close();
    await expect(fetch(second.url)).rejects.toThrow();
  });

  it.each([
    ["as it runs here", () => process.env.PATH ?? ""],
    ["where bubblewrap does not work", () => `${makeBrokenBubblewrap()}:${process.env.PATH}`],
  ])("ends with the process that started it, even by kill -9, %s", async (_case, makePath) => {
    const dbPath = join(makeDirectory(), "drover.db");
    const code = `import(${JSON.stringify(source)}).then(async (m) => {
      console.log(JSON.stringify(await m.startDynoxide({ dbPath: ${JSON.stringify(dbPath)} }))); setInterval(() => {}, 60000); })`;
    const env = { ...process.env, PATH: makePath() };
    const stack = spawn(process.execPath, ["-e", code], { env, stdio: ["ignore", "pipe", "inherit"] });
    const [line] = await once(stack.stdout, "data");
    const { url, pid } = JSON.parse(String(line));
    expect((await fetch(url)).ok).toBe(true);
    stack.kill("SIGKILL");
    await until("it is gone", () => !existsSync(`/proc/${pid}/exe`));
    await until("nobody answers", () =>
      fetch(url).then(
        () => false,
        () => true,
      ),
    );
  });

  it("three of them start at once, each on a port of its own", async () => {
    const started = await Promise.all(
      [1, 2, 3].map(() => startDynoxide({ dbPath: join(makeDirectory(), "drover.db") })),
    );
    expect(new Set(started.map(({ url }) => url)).size).toBe(3);
    await Promise.all(started.map((endpoint) => endpoint.close()));
  });

  it("shows what it said when it cannot start", async () => {
    const dbPath = join(makeDirectory(), "drover.db");
    mkdirSync(dbPath);
    await expect(startDynoxide({ dbPath })).rejects.toThrow(
      /cannot serve .*drover\.db: .*unable to open database file/s,
    );
  });

  it("names the way out on a machine it is not made for", async () => {
    const real = process.arch;
    Object.defineProperty(process, "arch", { value: "mips" });
    try {
      await expect(startDynoxide({ dbPath: "unused" })).rejects.toThrow(/linux-mips.*AWS_ENDPOINT_URL_DYNAMODB/s);
    } finally {
      Object.defineProperty(process, "arch", { value: real });
    }
  });
});
