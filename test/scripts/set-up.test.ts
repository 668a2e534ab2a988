import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { app } from "../../functions/api.ts";
import { createTable } from "../../infra/local/bootstrap.ts";
import { startDynoxide } from "../../infra/local/dynoxide.ts";
import { startSsm } from "../../infra/local/ssm.ts";

const root = resolve(import.meta.dirname, "../..");
const run = promisify(execFile);

/** As a deploy leaves it. */
const environment = {
  DROVER_TABLE: "drover-production",
  DROVER_WAKE_QUEUE_URL: "https://sqs.example.com/wake-ups",
  DROVER_NOTIFY_QUEUE_URL: "https://sqs.example.com/notices",
  DROVER_ARTIFACTS_BUCKET: "artifacts",
  DROVER_CLUSTER: "cluster",
  DROVER_TASK_DEFINITION: "sandbox",
  DROVER_SUBNETS: "subnet-1",
  DROVER_PARAMETERS: "/drover/production",
  DROVER_PUBLIC_ORIGIN: "https://drover.example.com",
};

const closers: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closers) await close();
});

const setUp = (...options: string[]) => run(process.execPath, ["scripts/set-up.ts", ...options], { cwd: root });

beforeAll(async () => {
  const dir = mkdtempSync(join(tmpdir(), "drover-set-up-"));
  const [dynamo, ssm] = await Promise.all([
    startDynoxide({ dbPath: join(dir, "table.db") }),
    startSsm({ file: join(dir, "parameters.json") }),
  ]);
  closers.push(dynamo.close, ssm.close);
  Object.assign(process.env, {
    AWS_REGION: "eu-west-1",
    AWS_ACCESS_KEY_ID: "deployer",
    AWS_SECRET_ACCESS_KEY: "deployer",
    AWS_ENDPOINT_URL_DYNAMODB: dynamo.url,
    AWS_ENDPOINT_URL_SSM: ssm.url,
    ...environment,
  });
  await createTable(environment.DROVER_TABLE);
  const Value = JSON.stringify(environment);
  await new SSMClient().send(
    new PutParameterCommand({ Name: "/drover/production/environment", Value, Type: "String" }),
  );
});

const keyIn = (text: string) => /drv_\S+/.exec(text)?.[0] ?? "";
const whoIs = async (apiKey: string) =>
  (await app.request("/api/session", { headers: { "X-API-Key": apiKey } })).json();

describe("setting a stage up", () => {
  let firstKey = "";

  it("makes its secrets, and a key that the API takes for one that may do everything", async () => {
    const { stdout } = await setUp("--stage", "production", "--name", "ada");
    firstKey = keyIn(stdout);
    expect(await whoIs(firstKey)).toMatchObject({ name: "ada", role: "super_admin", workspace: "default" });
    expect(stdout).toContain("https://drover.example.com");
  });

  it("done again makes one more key, and the first one still opens: the secrets have stayed", async () => {
    const second = keyIn((await setUp()).stdout);
    expect(await whoIs(second)).toMatchObject({ name: "owner" });
    expect(await whoIs(firstKey)).toMatchObject({ name: "ada" });
  });

  it("of a stage that was not deployed says so, and how to", async () => {
    await expect(setUp("--stage", "pr-7")).rejects.toThrow(
      /Stage pr-7 was not deployed in eu-west-1. First: npx sst deploy/,
    );
  });
});
