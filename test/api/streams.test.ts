import { beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../../functions/api/app.ts";
import { createStreamApp } from "../../functions/api/stream-app.ts";
import { cloudOfThisProcess } from "../../functions/cloud.ts";
import { createFirstKey, ensureTokenSecret } from "../../infra/local/bootstrap.ts";
import { stageVariables, useStageServices } from "../support/stage-services.ts";

const streamMs = 300;
const streams = createStreamApp(cloudOfThisProcess);
let headers = {};

useStageServices(stageVariables("/drover/test", { DROVER_STREAM_MS: String(streamMs) }));
beforeAll(async () => {
  await ensureTokenSecret("/drover/test");
  headers = { "X-API-Key": await createFirstKey("ada") };
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
