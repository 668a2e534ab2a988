// What runs together on one machine? All functions in this process, on stand-ins for AWS that listen on loopback.
import { join, resolve } from "node:path";
import { app } from "../functions/api.ts";
// Every route now: a stack that runs for weeks must not meet files that somebody has replaced meanwhile.
import "../functions/api/whole-app.ts";
import { cloudOfThisProcess } from "../functions/cloud.ts";
import type { Isolation } from "../functions/core/cloud.ts";
import { handler as digest } from "../functions/digest.ts";
import { putBackLive } from "../functions/flows/put-back-live.ts";
import { handler as reaper } from "../functions/reaper.ts";
import { handler as sandboxState } from "../functions/sandbox-state.ts";
import { withApiReference } from "../infra/local/api-reference.ts";
import { serveApi } from "../infra/local/api-server.ts";
import { adoptModelKey, ensureApiKey, ensureTokenSecret, leaveAddress } from "../infra/local/bootstrap.ts";
import { withDashboard } from "../infra/local/dashboard.ts";
import { openDataDir } from "../infra/local/data-dir.ts";
import { type LocalEcs, startEcs } from "../infra/local/ecs/endpoint.ts";
import { readEgressSettings } from "../infra/local/egress-settings.ts";
import { endpointVariable, setUnlessGiven } from "../infra/local/environment.ts";
import { chooseIsolation } from "../infra/local/isolation-choice.ts";
import { readLimits } from "../infra/local/limit-settings.ts";
import { serveLocalRepositories } from "../infra/local/local-repositories.ts";
import { remember } from "../infra/local/remembered.ts";
import { removeTree, sandboxBase } from "../infra/local/sandbox/disk.ts";
import { ensureImage } from "../infra/local/sandbox/image.ts";
import { createRuntime } from "../infra/local/sandbox/runtime.ts";
import { type Schedule, startSchedule } from "../infra/local/schedule.ts";
import { sandboxTaskDefinition } from "../infra/local/task-definition.ts";
import { gatherParts, type Parts } from "./local-parts.ts";
import { startTriggers } from "./local-queues.ts";
import { type Interpose, startServices } from "./local-services.ts";
import { setLocalSettings } from "./local-settings.ts";

export interface LocalOptions {
  dataDir: string;
  /** 0 lets the kernel choose. */
  port: number;
  allowUnconfined?: boolean;
  /** Becomes the credential `anthropic` of the workspace `default`, unless that has one. */
  modelKey?: { token: string; baseUrl?: string };
  /** Sandboxes end with this process, instead of going on until it is back, and their disks are removed at the end. */
  ephemeral?: boolean;
  /** Where the sandbox's image is kept; many short-lived data directories may share one. */
  imageDir?: string;
  /** Where the built dashboard is; without it the API alone is served. */
  dashboardDir?: string;
  say?: (line: string) => void;
  /** Stands between the functions and a stand-in; for tests that make faults. */
  interpose?: Interpose;
}

export interface LocalStack {
  url: string;
  apiKey: string;
  isolation: Isolation;
  /** Of the reaper, and of the digest function beside it. */
  reaper: Schedule;
  /** Ends everything that this process started. Sandboxes go on, for the next start. */
  close(): Promise<void>;
  /** `close`, after every sandbox was killed. */
  closeAndKill(): Promise<void>;
}

const reaperEveryMs = 5_000;

/** Both come to their end before the next round, whichever fails. */
async function runRound(): Promise<void> {
  const ends = await Promise.allSettled([reaper(), digest()]);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

/** One per process: the functions read their settings from its environment. Throws SetUpError with what to do. */
export async function startLocal(options: LocalOptions): Promise<LocalStack> {
  const say = options.say ?? (() => undefined);
  const dataDir = openDataDir(resolve(options.dataDir));
  const parts = gatherParts();
  parts.atEnd(async () => dataDir.release());
  try {
    return await startParts(options, dataDir.path, parts, say);
  } catch (error) {
    await parts.closeAll();
    throw error;
  }
}

async function startParts(
  options: LocalOptions,
  path: string,
  parts: Parts,
  say: (line: string) => void,
): Promise<LocalStack> {
  const { interpose = async (_service, url) => url } = options;
  let isUp = false;
  const up = Promise.withResolvers<void>();
  // First of all: a taken port is found out before anything else is begun, and the sandboxes need the address.
  const documented = withApiReference(app.fetch);
  const fetch = options.dashboardDir ? withDashboard(documented, options.dashboardDir) : documented;
  const api = parts.started(await serveApi(fetch, options.port, () => isUp));
  const limits = readLimits(process.env);
  const allowUnconfined = options.allowUnconfined ?? false;
  const { isolation, keepers, limitLines } = await chooseIsolation({ allowUnconfined, limits }, say);
  const known = await remember(path);
  const egress = readEgressSettings();

  setLocalSettings(known.awsSecretAccessKey, isolation);
  const services = await startServices({ path, s3Port: known.ports.s3, parts, interpose });
  const tokenSecret = await ensureTokenSecret(String(process.env.DROVER_PARAMETERS));
  const git = parts.started(await serveLocalRepositories({ secret: tokenSecret, port: known.ports.git }));
  setUnlessGiven({ DROVER_LOCAL_GIT_URL: git.url });

  const base = sandboxBase(path);
  if (options.ephemeral) parts.atEnd(() => removeTree(base));
  const image = await ensureImage(sandboxBase(resolve(options.imageDir ?? path)));
  const runtime = createRuntime({
    image,
    diesWithParent: options.ephemeral ?? false,
    unconfined: isolation.kind === "unconfined",
    keepers,
  });
  const ecs: LocalEcs = parts.started(
    await startEcs({
      stateDir: join(base, "tasks"),
      cluster: String(process.env.DROVER_CLUSTER),
      taskDefinitions: [sandboxTaskDefinition({ apiUrl: api.url, egress: await egress, limits, limitLines })],
      runtime,
      onStateChange: async (event) => {
        await up.promise;
        await sandboxState(event);
      },
    }),
  );
  setUnlessGiven({ [endpointVariable("ECS")]: await interpose("ECS", ecs.url) });

  const apiKey = await ensureApiKey(path);
  parts.started(await leaveAddress(path, api.url));
  if (options.modelKey && (await adoptModelKey(options.modelKey))) {
    say("the model key of this environment is now the credential anthropic of the workspace default");
  }
  const triggers = startTriggers(services.sqs, services.urlOf);
  for (const trigger of triggers) parts.atEnd(() => trigger.stop());
  const schedule = startSchedule({
    everyMs: reaperEveryMs,
    run: runRound,
    onError: (error) => console.error("the reaper failed", error),
  });
  parts.atEnd(() => schedule.stop());
  services.startExpiry();

  isUp = true;
  up.resolve();
  // What the last process left half done is taken up at once, not only when the first round is due.
  schedule.runNow().catch((error: unknown) => console.error("the reaper failed", error));
  return {
    url: api.url,
    apiKey,
    isolation,
    reaper: schedule,
    close: parts.closeAll,
    async closeAndKill() {
      // No new launch may come between the kill and the end.
      await triggers[0].stop();
      await schedule.stop();
      // Their attempts were stopped by us, not by a failure: they go back without being counted.
      await putBackLive(await cloudOfThisProcess(), "drover was shut down");
      await ecs.stopAll();
      await parts.closeAll();
    },
  };
}
