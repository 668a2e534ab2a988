// A cluster beside the stack's own, whose sandboxes are the image, run as its task definition for Fargate says.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { handler as sandboxState } from "../../functions/sandbox-state.ts";
import { sandboxTask } from "../../infra/aws/sandbox-task.ts";
import { type LocalEcs, startEcs } from "../../infra/local/ecs/endpoint.ts";
import { readEgressSettings } from "../../infra/local/egress-settings.ts";
import { call, type TestStack } from "../support/stack.ts";
import { createRuncRuntime } from "./runc-runtime.ts";

export const backend = "image";

export function useImageCluster(stack: TestStack, rootfs: string): void {
  const dir = mkdtempSync(join(tmpdir(), "drover-image-"));
  let ecs: LocalEcs | undefined;
  beforeAll(async () => {
    const task = sandboxTask({
      image: `drover-sandbox@sha256:${"0".repeat(64)}`,
      architecture: process.arch === "arm64" ? "ARM64" : "X86_64",
      ...{ cpuUnits: 1024, memoryMb: 2048, diskGb: 20, executionRoleArn: "none" },
      log: { group: "none", region: "none" },
      apiUrl: stack.local.url,
      supervisorEnvironment: await readEgressSettings(),
    });
    const containers = (task.containerDefinitions ?? []).map(({ name, essential, command, environment }) => ({
      name: String(name),
      essential: essential ?? true,
      command: command ?? [],
      environment: Object.fromEntries((environment ?? []).map((pair) => [String(pair.name), String(pair.value)])),
      confined: false,
    }));
    const definition = { family: String(task.family), revision: 1, cpu: "1024", memory: "2048", stopTimeoutMs: 2_000 };
    ecs = await startEcs({
      stateDir: join(dir, "tasks"),
      cluster: backend,
      taskDefinitions: [{ ...definition, containers }],
      runtime: createRuncRuntime(rootfs, task),
      onStateChange: sandboxState,
    });
    const added = await call(stack, "POST", "/api/orchestrator/backends", {
      ...{ name: backend, endpoint: ecs.url, cluster: backend },
    });
    if (added.status !== 201) throw new Error(`the backend was not added: ${JSON.stringify(added.body)}`);
  });
  afterAll(async () => {
    await ecs?.stopAll();
    await ecs?.close();
    rmSync(dir, { recursive: true, force: true });
  });
}
