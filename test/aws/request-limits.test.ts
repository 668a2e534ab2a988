// AWS takes a request and says nothing: is it asked again, or does it hold its caller for ever?
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { openArtifacts } from "../../functions/aws/artifacts.ts";
import { openOutcomeBus } from "../../functions/aws/outcome-bus.ts";
import type { Notice } from "../../functions/core/notices.ts";

/** Silent to each first request of a method; `answers` says what the second one hears. */
const heard: Record<string, ServerResponse[]> = { GET: [], POST: [], PUT: [] };
const answers: Record<string, string> = { GET: "the log", POST: '{"Entries":[{"EventId":"1"}]}' };
const server = createServer(({ method = "" }, response) => {
  const all = heard[method];
  if (all?.push(response) === 2 && answers[method]) response.end(answers[method]);
});

beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const variables = { AWS_ENDPOINT_URL: url, AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "a" };
  for (const [name, value] of Object.entries({ ...variables, AWS_SECRET_ACCESS_KEY: "b" })) vi.stubEnv(name, value);
});
afterAll(() => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
});

const notice: Notice = {
  ...{ messageId: "m", eventId: "evt_1", type: "task.failed", taskId: "tsk_1", workspace: "w", at: 0, data: {} },
};

it("the bus and the artifacts are asked again within seconds; what is uploaded has more time", async () => {
  const artifacts = openArtifacts("artifacts");
  const upload = artifacts.putAuditFile("digests/1.json", "{}");
  await vi.waitUntil(() => heard.PUT?.length === 1, { timeout: 10_000 });
  const [refused, log] = await Promise.all([
    openOutcomeBus("outcomes").publish([notice]),
    artifacts.read("agt_00000000000000000000000000_1", "log"),
  ]);
  expect([refused, Buffer.from(log ?? []).toString()]).toEqual([[], "the log"]);
  heard.PUT?.[0]?.end();
  await upload;
  expect(Object.values(heard).map(({ length }) => length)).toEqual([2, 2, 1]);
}, 30_000);
