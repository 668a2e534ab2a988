import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApp, createStreamApp } from "../../functions/api/app.ts";
import { cloudOfThisProcess } from "../../functions/cloud.ts";
import { createFirstKey, createTable, ensureTokenSecret } from "../../infra/local/bootstrap.ts";
import { startDynoxide } from "../../infra/local/dynoxide.ts";
import { startSsm } from "../../infra/local/ssm.ts";

const streamMs = 300;
const streams = createStreamApp(cloudOfThisProcess);
const closers: (() => Promise<void>)[] = [];
let headers = {};

beforeAll(async () => {
  const dir = mkdtempSync(join(tmpdir(), "drover-streams-"));
  const [dynamo, ssm] = await Promise.all([
    startDynoxide({ dbPath: join(dir, "table.db") }),
    startSsm({ file: join(dir, "parameters.json") }),
  ]);
  closers.push(dynamo.close, ssm.close);
  Object.assign(process.env, {
    AWS_REGION: "eu-west-1",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_ENDPOINT_URL_DYNAMODB: dynamo.url,
    AWS_ENDPOINT_URL_SSM: ssm.url,
    DROVER_TABLE: "drover",
    DROVER_WAKE_QUEUE_URL: "https://sqs.example.com/wake-ups",
    DROVER_NOTIFY_QUEUE_URL: "https://sqs.example.com/notices",
    DROVER_ARTIFACTS_BUCKET: "artifacts",
    DROVER_CLUSTER: "cluster",
    DROVER_TASK_DEFINITION: "sandbox",
    DROVER_SUBNETS: "subnet-1",
    DROVER_PARAMETERS: "/drover/test",
    DROVER_STREAM_MS: String(streamMs),
  });
  await createTable("drover");
  await ensureTokenSecret("/drover/test");
  headers = { "X-API-Key": await createFirstKey("ada") };
});

afterAll(async () => {
  for (const close of closers) await close();
});

describe("the streams", () => {
  it("end by themselves after their time, so that a reader who has left costs no more than that", async () => {
    const answer = await streams.request("/api/orchestrator/agents/events", { headers });
    const text = await answer.text();
    expect(text).toMatch(/^event: snapshot\n/);
    expect(text).toContain(": ping");
  });

  it("are all that the stream function answers to", async () => {
    const exported = await streams.request("/api/orchestrator/audit/export", { headers });
    expect([exported.status, (await exported.text()).split("\n").at(-2)]).toEqual([
      200,
      expect.stringContaining('"kind":"end"'),
    ]);
    expect((await streams.request("/api/orchestrator/tasks", { headers })).status).toBe(404);
    const body = JSON.stringify({ reason: "enough" });
    const stop = { method: "POST", body, headers: { ...headers, "content-type": "application/json" } };
    expect((await streams.request("/api/orchestrator/emergency-stop", stop)).status).toBe(404);
  });

  it("and every other answer may be kept by nobody on the way", async () => {
    const app = createApp(cloudOfThisProcess);
    for (const path of ["/health", "/openapi.json", "/api/session", "/api/orchestrator/stats", "/nowhere"]) {
      expect([path, (await app.request(path, { headers })).headers.get("cache-control")]).toEqual([path, "no-store"]);
    }
    const feed = await streams.request("/api/orchestrator/agents/events", { headers });
    expect(feed.headers.get("cache-control")).toBe("no-store");
  });
});
