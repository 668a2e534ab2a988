// What runs together on one machine? All functions in this process, on stand-ins for AWS that listen on loopback.
import { join, resolve } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { app } from "../functions/api.ts";
// Every route now: a stack that runs for weeks must not meet files that somebody has replaced meanwhile.
import "../functions/api/whole-app.ts";
import { cloudOfThisProcess } from "../functions/cloud.ts";
import type { Isolation } from "../functions/core/cloud.ts";
import { putBackLive } from "../functions/flows/put-back-live.ts";
import { handler as reaper } from "../functions/reaper.ts";
import { handler as sandboxState } from "../functions/sandbox-state.ts";
import { withApiReference } from "../infra/local/api-reference.ts";
import { serveApi } from "../infra/local/api-server.ts";
import type { Endpoint } from "../infra/local/aws-json.ts";
import { adoptModelKey, createTable, ensureApiKey, ensureTokenSecret, leaveAddress } from "../infra/local/bootstrap.ts";
import { withDashboard } from "../infra/local/dashboard.ts";
import { type DataDir, openDataDir } from "../infra/local/data-dir.ts";
import { startDynoxide } from "../infra/local/dynoxide.ts";
import { type LocalEcs, startEcs } from "../infra/local/ecs/endpoint.ts";
import { readEgressSettings } from "../infra/local/egress-settings.ts";
import { endpointVariable, isGiven, setUnlessGiven } from "../infra/local/environment.ts";
import { startEvents } from "../infra/local/events.ts";
import { sweepExpired } from "../infra/local/expiry.ts";
import { chooseIsolation } from "../infra/local/isolation-choice.ts";
import { readLimits } from "../infra/local/limit-settings.ts";
import { serveLocalRepositories } from "../infra/local/local-repositories.ts";
import { remember } from "../infra/local/remembered.ts";
import { startS3 } from "../infra/local/s3.ts";
import { removeTree, sandboxBase } from "../infra/local/sandbox/disk.ts";
import { ensureImage } from "../infra/local/sandbox/image.ts";
import { createRuntime } from "../infra/local/sandbox/runtime.ts";
import { type Schedule, startSchedule } from "../infra/local/schedule.ts";
import { startSqs } from "../infra/local/sqs.ts";
import { startSsm } from "../infra/local/ssm.ts";
import { sandboxTaskDefinition } from "../infra/local/task-definition.ts";
import { sandboxFamily } from "../infra/sandbox-containers.ts";
import { queuesOf, setQueues, startTriggers } from "./local-queues.ts";

export type Interposable = "DYNAMODB" | "ECS" | "SQS" | "EVENTBRIDGE";

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
  interpose?: (service: Interposable, url: string) => Promise<string>;
}

export interface LocalStack {
  url: string;
  apiKey: string;
  isolation: Isolation;
  reaper: Schedule;
  /** Ends everything that this process started. Sandboxes go on, for the next start. */
  close(): Promise<void>;
  /** `close`, after every sandbox was killed. */
  closeAndKill(): Promise<void>;
}

const region = "us-east-1";
const reaperEveryMs = 5_000;
const expiryEveryMs = 15 * 60_000;

/** One per process: the functions read their settings from its environment. Throws SetUpError with what to do. */
export async function startLocal(options: LocalOptions): Promise<LocalStack> {
  const say = options.say ?? (() => undefined);
  const dataDir = openDataDir(resolve(options.dataDir));
  const closers: (() => Promise<void>)[] = [];
  try {
    return await startParts(options, dataDir, closers, say);
  } catch (error) {
    await closeAll(closers, dataDir);
    throw error;
  }
}

async function startParts(
  options: LocalOptions,
  dataDir: DataDir,
  closers: (() => Promise<void>)[],
  say: (line: string) => void,
): Promise<LocalStack> {
  const { path } = dataDir;
  const { interpose = async (_service, url) => url } = options;
  const started = <T extends { close(): Promise<void> }>(part: T): T => {
    closers.push(() => part.close());
    return part;
  };
  let isUp = false;
  const up = Promise.withResolvers<void>();
  // First of all: a taken port is found out before anything else is begun, and the sandboxes need the address.
  const documented = withApiReference(app.fetch);
  const fetch = options.dashboardDir ? withDashboard(documented, options.dashboardDir) : documented;
  const api = started(await serveApi(fetch, options.port, () => isUp));
  const limits = readLimits(process.env);
  const allowUnconfined = options.allowUnconfined ?? false;
  const { isolation, keepers, limitLines } = await chooseIsolation({ allowUnconfined, limits }, say);
  const known = await remember(path);
  const egress = readEgressSettings();

  setUnlessGiven({
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: "drover-local",
    AWS_SECRET_ACCESS_KEY: known.awsSecretAccessKey,
    AWS_EC2_METADATA_DISABLED: "true",
    DROVER_TABLE: "drover",
    DROVER_ARTIFACTS_BUCKET: "drover-artifacts",
    DROVER_CLUSTER: "drover",
    DROVER_TASK_DEFINITION: sandboxFamily,
    DROVER_SUBNETS: "subnet-local",
    DROVER_BACKENDS_OPEN: "loopback",
    DROVER_PARAMETERS: "/drover/local",
    // One person and their tools: a limit that only a loop gone wrong meets.
    DROVER_REQUESTS_PER_MINUTE: "3000",
    // Whoever launches runs in this process.
    DROVER_LAUNCHES_PER_SECOND: "20",
    DROVER_BEAT_MS: "1000",
    DROVER_BEAT_CHARACTERS: "2000",
    DROVER_LOG_UPLOAD_MS: "5000",
    DROVER_PUSH_SETTLE_MS: "10000",
    DROVER_ISOLATION: JSON.stringify(isolation),
  });
  const bucket = String(process.env.DROVER_ARTIFACTS_BUCKET);
  const serve = async (service: string, start: () => Promise<Endpoint>) => {
    if (isGiven(service)) return;
    const { url } = started(await start());
    const through = service === "DYNAMODB" || service === "EVENTBRIDGE" ? await interpose(service, url) : url;
    setUnlessGiven({ [endpointVariable(service)]: through });
  };
  const hasOwnTable = !isGiven("DYNAMODB");
  await serve("DYNAMODB", () => startDynoxide({ dbPath: join(path, "dynamodb", "drover.db") }));
  await serve("S3", () =>
    startS3({
      dir: join(path, "s3"),
      buckets: [bucket],
      credentials: {
        accessKeyId: String(process.env.AWS_ACCESS_KEY_ID),
        secretAccessKey: String(process.env.AWS_SECRET_ACCESS_KEY),
      },
      port: known.ports.s3,
    }),
  );
  await serve("SSM", () => startSsm({ file: join(path, "parameters.json") }));
  // Only for those who want outcomes there, as on AWS.
  if (process.env.DROVER_OUTCOME_BUS) {
    await serve("EVENTBRIDGE", () => startEvents({ file: join(path, "outcomes.ndjson") }));
  }
  const sqs = started(await startSqs({ queues: queuesOf(path) }));
  const sqsUrl = await interpose("SQS", sqs.url);
  const urlOf = (name: string) => sqs.queueUrl(name).replace(sqs.url, sqsUrl);
  setQueues(urlOf);
  setUnlessGiven({ [endpointVariable("SQS")]: sqsUrl });

  await createTable(String(process.env.DROVER_TABLE));
  const tokenSecret = await ensureTokenSecret(String(process.env.DROVER_PARAMETERS));
  const git = started(await serveLocalRepositories({ secret: tokenSecret, port: known.ports.git }));
  setUnlessGiven({ DROVER_LOCAL_GIT_URL: git.url });

  const base = sandboxBase(path);
  if (options.ephemeral) closers.push(() => removeTree(base));
  const image = await ensureImage(sandboxBase(resolve(options.imageDir ?? path)));
  const runtime = createRuntime({
    image,
    diesWithParent: options.ephemeral ?? false,
    unconfined: isolation.kind === "unconfined",
    keepers,
  });
  const ecs: LocalEcs = started(
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
  started(await leaveAddress(path, api.url));
  if (options.modelKey && (await adoptModelKey(options.modelKey))) {
    say("the model key of this environment is now the credential anthropic of the workspace default");
  }
  const triggers = startTriggers(sqs, urlOf);
  for (const trigger of triggers) closers.push(() => trigger.stop());
  const schedule = startSchedule({
    everyMs: reaperEveryMs,
    run: reaper,
    onError: (error) => console.error("the reaper failed", error),
  });
  closers.push(() => schedule.stop());
  if (hasOwnTable) closers.push(startExpiry(String(process.env.DROVER_TABLE)));

  isUp = true;
  up.resolve();
  // What the last process left half done is taken up at once, not only when the first round is due.
  schedule.runNow().catch((error: unknown) => console.error("the reaper failed", error));
  const close = () => closeAll(closers, dataDir);
  return {
    url: api.url,
    apiKey,
    isolation,
    reaper: schedule,
    close,
    async closeAndKill() {
      // No new launch may come between the kill and the end.
      await triggers[0].stop();
      await schedule.stop();
      // Their attempts were stopped by us, not by a failure: they go back without being counted.
      await putBackLive(await cloudOfThisProcess(), "drover was shut down");
      await ecs.stopAll();
      await close();
    },
  };
}

/** What DynamoDB does by itself. Answers how to stop. */
function startExpiry(tableName: string): () => Promise<void> {
  const client = new DynamoDBClient();
  const schedule = startSchedule({
    everyMs: expiryEveryMs,
    run: async () => void (await sweepExpired(client, tableName, Date.now())),
    onError: (error) => console.error("what has expired was not deleted; it is tried again", error),
  });
  return async () => {
    await schedule.stop();
    client.destroy();
  };
}

/** In the reverse order of the start; one that fails does not keep the others open. */
async function closeAll(closers: (() => Promise<void>)[], dataDir: DataDir): Promise<void> {
  for (const close of closers.splice(0).reverse()) {
    await close().catch((error: unknown) => console.error("a part of the stack did not close", error));
  }
  dataDir.release();
}
