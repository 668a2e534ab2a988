// A whole local stack in a process of its own, whose sandboxes start no process: whoever forked this one acts for them.
import { join } from "node:path";
import { handler as sandboxState } from "../../../functions/sandbox-state.ts";
import { startEcs } from "../../../infra/local/ecs/endpoint.ts";
import { startLocal } from "../../../stacks/local.ts";
import { sharedImageDir } from "../../support/image-dir.ts";
import { openPuppets, puppetCluster } from "./puppets.ts";
import type { FromStack, ToStack } from "./start-puppets.ts";

const [dataDir = "", dashboardDir] = process.argv.slice(2);
const tell = (message: FromStack) => void process.send?.(message);

const puppets = openPuppets((agentId, token) => tell({ kind: "launched", agentId, token }));
const ecs = await startEcs({
  ...puppetCluster,
  stateDir: join(dataDir, "puppets"),
  runtime: puppets.runtime,
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
  // Nothing runs here that could be confined.
  allowUnconfined: true,
  ...(dashboardDir ? { dashboardDir } : {}),
  interpose: async (service, url) => (service === "ECS" ? ecs.url : url),
});
process.on("message", (message: ToStack) => {
  if (message.kind === "end") return puppets.end(message.agentId);
  globalThis.gc?.();
  tell({ kind: "heap", mb: process.memoryUsage().heapUsed / 2 ** 20 });
});
async function end(): Promise<void> {
  await stack.closeAndKill();
  await ecs.close();
  process.exit(0);
}
process.once("SIGTERM", end);
// Whoever would have sent the signal is gone.
process.once("disconnect", end);
tell({ kind: "up", url: stack.url, apiKey: stack.apiKey });
