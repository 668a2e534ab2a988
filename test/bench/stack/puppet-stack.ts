// A whole local stack in a process of its own, whose sandboxes start no process: whoever forked this one acts for them.
import { join } from "node:path";
import { handler as sandboxState } from "../../../functions/sandbox-state.ts";
import type { ContainerEnd, ContainerRuntime } from "../../../infra/local/containers.ts";
import { startEcs } from "../../../infra/local/ecs/endpoint.ts";
import { sandboxTaskDefinition } from "../../../infra/local/task-definition.ts";
import { startLocal } from "../../../stacks/local.ts";
import { sharedImageDir } from "../../support/image-dir.ts";
import type { FromStack, ToStack } from "./start-puppets.ts";

const [dataDir = ""] = process.argv.slice(2);
const tell = (message: FromStack) => void process.send?.(message);
const ends = new Map<string, () => void>();

const runtime: ContainerRuntime = {
  async start({ name, environment }) {
    const { promise, resolve } = Promise.withResolvers<ContainerEnd>();
    const { DROVER_AGENT_ID: agentId = "", DROVER_TOKEN: token = "" } = environment;
    if (name === "supervisor") {
      ends.set(agentId, () => resolve({ exitCode: 0 }));
      tell({ kind: "launched", agentId, token });
    }
    return { record: { pid: 0, startTicks: "" }, exited: promise, signal: () => resolve({ exitCode: 137 }) };
  },
  adopt: () => undefined,
  remove: async () => undefined,
};

// Read by nobody: there is no sandbox that would.
const nowhere = {
  DROVER_EGRESS_ALLOW: "",
  DROVER_EGRESS_ALLOW_PRIVATE: "",
  DROVER_GATES_EGRESS_ALLOW: "",
  DROVER_GATES_EGRESS_ALLOW_PRIVATE: "",
  DROVER_EGRESS_UPLOAD_MB: "1",
  DROVER_COMMAND_ENVIRONMENT: "{}",
};
const limits = { memoryMb: 1, cpuUnits: 1, processes: 1, diskMb: 1 };
const settings = { apiUrl: "http://127.0.0.1", egress: nowhere, limits, limitLines: [] };
/** What Fargate allows in a second is not what is measured. */
const unlimited = { burst: Number.MAX_SAFE_INTEGER, perSecond: Number.MAX_SAFE_INTEGER };
const ecs = await startEcs({
  stateDir: join(dataDir, "puppets"),
  cluster: "drover",
  taskDefinitions: [sandboxTaskDefinition(settings)],
  runtime,
  launchRate: unlimited,
  runTaskRate: unlimited,
  async onStateChange(event) {
    await sandboxState(event);
    const { lastStatus, startedBy = "" } = event.detail;
    if (lastStatus === "STOPPED") tell({ kind: "settled", agentId: startedBy });
  },
});
const stack = await startLocal({
  dataDir: join(dataDir, "stack"),
  port: 0,
  imageDir: sharedImageDir,
  ephemeral: true,
  interpose: async (service, url) => (service === "ECS" ? ecs.url : url),
});
process.on("message", ({ end }: ToStack) => {
  ends.get(end)?.();
  ends.delete(end);
});
process.once("SIGTERM", () => {
  void stack
    .closeAndKill()
    .then(() => ecs.close())
    .then(() => process.exit(0));
});
tell({ kind: "up", url: stack.url, apiKey: stack.apiKey });
