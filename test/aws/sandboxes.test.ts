import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSandboxes } from "../../functions/aws/sandboxes.ts";
import type { Sandboxes } from "../../functions/core/cloud.ts";
import type { AgentId } from "../../functions/core/ids.ts";
import { Cluster } from "../support/ecs-cluster.ts";
import { until } from "../support/ecs-until.ts";
import { type FaultProxy, hold, startFaultProxy } from "../support/fault-proxy.ts";

const agentOf = (n: number): AgentId => `agt_01K00000000000000000000${String(n).padStart(3, "0")}_1`;

function open(endpoint: string, launchesPerSecond = 1_000): Sandboxes {
  const place = { cluster: "drover", subnets: ["subnet-local"], securityGroups: [], assignPublicIp: false };
  const target = { ...place, taskDefinition: "pair", region: "eu-central-1", endpoint };
  const settings = { declared: { default: target }, open: "none" } as const;
  return openSandboxes(settings, async () => ({ backends: [], health: [] }), launchesPerSecond)("default");
}

beforeAll(() => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: "local", AWS_SECRET_ACCESS_KEY: "local" });
});

describe("at the limits of ECS", () => {
  const cluster = new Cluster();
  // It has room for nothing, and counts the calls as ECS does.
  beforeAll(() => cluster.start({ maxTasks: 0, runTaskRate: { burst: 20, perSecond: 20 } }));
  afterAll(() => cluster.end());

  const throttledOf = async (sandboxes: Sandboxes, count: number) => {
    const launches = await Promise.all(Array.from({ length: count }, (_, n) => sandboxes.launch(agentOf(n), "token")));
    return launches.filter((launch) => JSON.stringify(launch).includes("throttled"));
  };

  it("a burst of launches is spread over the time that ECS wants for them, and none is throttled", async () => {
    const startedAt = performance.now();
    expect(await throttledOf(open(cluster.url, 18), 60)).toEqual([]);
    expect(performance.now() - startedAt).toBeGreaterThan(2_000);
  });

  it("without a pace the same burst is throttled", async () => {
    expect((await throttledOf(open(cluster.url), 60)).length).toBeGreaterThan(0);
  });
});

describe("a sandbox", () => {
  const cluster = new Cluster();
  let proxy: FaultProxy;
  beforeAll(async () => {
    await cluster.start();
    proxy = await startFaultProxy(cluster.url);
  });
  afterAll(async () => {
    await proxy.close();
    await cluster.end();
  });

  it("takes its tags from its definition, by which a budget finds what it costs", async () => {
    const asksForTags = (body: unknown) => (body as { propagateTags?: string }).propagateTags === "TASK_DEFINITION";
    const held = hold();
    const rule = proxy.on({ operation: "RunTask", match: asksForTags, do: held });
    const launched = open(proxy.url).launch(agentOf(3), "token");
    await held.reached;
    held.release();
    expect(await launched).toMatchObject({ kind: "launched" });
    rule.remove();
  });

  it.each([
    "RUNNING",
    "STOPPED",
  ])("that is stopped while it is looked for, between the lists, before that of %s, is found once", async (desiredStatus) => {
    const agentId = agentOf(desiredStatus === "RUNNING" ? 1 : 2);
    const launched = await open(cluster.url).launch(agentId, "token");
    if (launched.kind !== "launched") throw new Error(launched.why);
    const held = hold();
    const isIt = (body: unknown) => (body as { desiredStatus: string }).desiredStatus === desiredStatus;
    const rule = proxy.on({ operation: "ListTasks", match: isIt, do: held });
    const found = open(proxy.url).findByAgent(agentId);
    await held.reached;
    await open(cluster.url).stop(launched.sandboxArn, "the test says so");
    await until("it has stopped", async () => (await open(cluster.url).describe(launched.sandboxArn))?.stopped);
    held.release();
    expect(await found).toMatchObject([{ sandboxArn: launched.sandboxArn, stopped: true }]);
    rule.remove();
  });
});

it("a backend that takes connections and never answers holds a launch up for ten seconds, not for each try of it", async () => {
  const deaf = createServer(() => undefined);
  await new Promise<void>((listening) => deaf.listen(0, "127.0.0.1", listening));
  const { port } = deaf.address() as { port: number };
  const startedAt = performance.now();
  const launch = open(`http://127.0.0.1:${port}`).launch(agentOf(1), "token");
  await expect(launch).rejects.toMatchObject({ code: "backend_unavailable" });
  expect(performance.now() - startedAt).toBeLessThan(15_000);
  deaf.close();
});
