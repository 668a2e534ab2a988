// A second ECS cluster on this machine, for one story: real sandboxes, an endpoint that can go down and come back.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { handler as sandboxState } from "../../functions/sandbox-state.ts";
import { type LocalEcs, startEcs } from "../../infra/local/ecs/endpoint.ts";
import { readEgressSettings } from "../../infra/local/egress-settings.ts";
import { readLimits } from "../../infra/local/limit-settings.ts";
import { removeTree, sandboxBase } from "../../infra/local/sandbox/disk.ts";
import { ensureImage } from "../../infra/local/sandbox/image.ts";
import { createRuntime } from "../../infra/local/sandbox/runtime.ts";
import { sandboxTaskDefinition } from "../../infra/local/task-definition.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import { sharedImageDir } from "./image-dir.ts";
import type { TestStack } from "./stack.ts";

export interface SecondCluster {
  /** Its address, the same before and after it was down. */
  url: string;
  /** The same cluster, with a proxy for faults before it. */
  faults: FaultProxy;
  /** Nobody listens there any more. Its sandboxes go on. */
  down(): Promise<void>;
  up(): Promise<void>;
}

/** Beside the stack's own, with the same images. */
export function useCluster(stack: TestStack, cluster: string): SecondCluster {
  const second = {} as SecondCluster;
  const dataDir = mkdtempSync(join(tmpdir(), `drover-${cluster}-`));
  let running: LocalEcs | undefined;

  async function start(port?: number): Promise<LocalEcs> {
    const limits = readLimits(process.env);
    const settings = { apiUrl: stack.local.url, egress: await readEgressSettings(), limits, limitLines: [] };
    return startEcs({
      stateDir: join(sandboxBase(dataDir), "tasks"),
      cluster,
      taskDefinitions: [sandboxTaskDefinition(settings)],
      runtime: createRuntime({
        image: await ensureImage(sandboxBase(resolve(sharedImageDir))),
        diesWithParent: true,
        unconfined: stack.local.isolation.kind === "unconfined",
      }),
      onStateChange: sandboxState,
      port,
    });
  }

  beforeAll(async () => {
    running = await start();
    second.url = running.url;
    second.faults = await startFaultProxy(running.url);
    second.down = async () => {
      await running?.close();
      running = undefined;
    };
    second.up = async () => {
      running ??= await start(Number(new URL(second.url).port));
    };
  });
  afterAll(async () => {
    await second.up?.();
    await running?.stopAll();
    await running?.close();
    await second.faults?.close();
    await removeTree(sandboxBase(dataDir));
    await removeTree(dataDir);
  });
  return second;
}
