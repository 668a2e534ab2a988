// Which cloud do the entry points run on? The SDK's clients, set up from the environment once per process.
import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { SSMClient } from "@aws-sdk/client-ssm";
import { ulid } from "ulid";
import { openMetrics } from "./aws/metrics.ts";
import { openNotices } from "./aws/notices.ts";
import { openOwnApi } from "./aws/own-api.ts";
import { getSecret, openCredentials, openWebhookSecrets } from "./aws/parameters.ts";
import { needed } from "./aws/request-limits.ts";
import { openTable } from "./aws/table.ts";
import { hashEvent } from "./core/audit.ts";
import { type BackendSettings, defaultBackend, type EcsTarget } from "./core/backends.ts";
import type { Cloud, Ids, Isolation } from "./core/cloud.ts";
import { knownModels } from "./core/models.ts";
import { signAttempt, signFor } from "./core/signing.ts";
import { type Environment, readEnvironment } from "./environment.ts";
import { later } from "./later.ts";

const nothing = () => undefined;
/**
 * For what is asked often. It has no `info`: to tell it of each call, the SDK copies all that was sent and answered, which
 * takes 6 % of the call's CPU time, also where nobody listens.
 */
const logger = { trace: nothing, debug: nothing, warn: console.warn, error: nothing } as unknown as NonNullable<
  DynamoDBClientConfig["logger"]
>;

/** Opens the cloud that this process's environment names. What few processes need is loaded by the first that does. */
async function openCloud(variables: NodeJS.ProcessEnv): Promise<Cloud> {
  const env = readEnvironment(variables);
  const tryMs = env.DROVER_REQUEST_TRY_MS;
  const ssm = new SSMClient(needed(tryMs));
  const tokenSecret = await getSecret(ssm, tokenSecretName(env.DROVER_PARAMETERS));
  if (!tokenSecret) throw new Error(`SSM parameter ${tokenSecretName(env.DROVER_PARAMETERS)} does not exist.`);
  const queues = openQueues(tryMs);
  const dynamo = { client: new DynamoDBClient({ logger, ...needed(tryMs) }), tableName: env.DROVER_TABLE };
  const table = openTable(dynamo);
  const backends = await backendsOf(env);
  const bus = env.DROVER_OUTCOME_BUS;
  let opening: Promise<Cloud["sandboxes"]> | undefined;
  const sandboxes = () => {
    opening ??= import("./aws/sandboxes.ts").then(({ openSandboxes }) =>
      openSandboxes(backends, () => table.listBackends(), env.DROVER_LAUNCHES_PER_SECOND),
    );
    return opening;
  };
  const localGitUrl = env.DROVER_LOCAL_GIT_URL;
  return {
    table,
    wakeUps: later(async () =>
      (await import("./aws/wake-ups.ts")).openWakeUps(await queues(), env.DROVER_WAKE_QUEUE_URL),
    ),
    sandboxes: (backend) => later(async () => (await sandboxes())(backend)),
    artifacts: later(async () => (await import("./aws/artifacts.ts")).openArtifacts(env.DROVER_ARTIFACTS_BUCKET)),
    credentials: openCredentials(ssm, env.DROVER_PARAMETERS),
    tokenOf: (agentId) => signAttempt(tokenSecret, agentId),
    sign: (purpose, text) => signFor(tokenSecret, purpose, text),
    hashEvent,
    auditKey: later(async () => (await import("./aws/audit-key.ts")).openAuditKey(ssm, env.DROVER_PARAMETERS)),
    remotes: later(async () => (await import("./git/remotes.ts")).openRemotes()),
    notices: openNotices(dynamo),
    noticeQueue: later(async () =>
      (await import("./aws/notice-queue.ts")).openNoticeQueue(await queues(), env.DROVER_NOTIFY_QUEUE_URL),
    ),
    webhookSecrets: openWebhookSecrets(ssm, env.DROVER_PARAMETERS),
    receivers: later(async () =>
      (await import("./aws/receivers.ts")).openReceivers({
        timeoutMs: env.DROVER_WEBHOOKS_TIMEOUT_MS,
        allowLoopback: env.DROVER_WEBHOOKS_ALLOW_LOOPBACK,
      }),
    ),
    forges: later(async () => (await import("./forge/forges.ts")).openForges()),
    ...(bus && { outcomeBus: later(async () => (await import("./aws/outcome-bus.ts")).openOutcomeBus(bus)) }),
    ...(env.DROVER_API_URL && {
      ownApi: openOwnApi(env.DROVER_API_URL, (agentId) => signAttempt(tokenSecret, agentId)),
    }),
    ...(env.DROVER_METRICS && { metrics: openMetrics(env.DROVER_METRICS, () => Date.now()) }),
    ...(await intakeOf(queues, env)),
    settings: {
      limits: {
        global: env.DROVER_SLOTS,
        workspace: env.DROVER_SLOTS_PER_WORKSPACE,
        backend: env.DROVER_SLOTS_PER_BACKEND,
        repository: env.DROVER_SLOTS_PER_REPOSITORY,
      },
      backends,
      requestsPerMinute: env.DROVER_REQUESTS_PER_MINUTE,
      queueLimit: env.DROVER_QUEUE_LIMIT,
      maxQueueAgeMs: env.DROVER_MAX_QUEUE_AGE_MS,
      leaseMs: env.DROVER_LEASE_MS,
      wallClockMarginMs: env.DROVER_WALL_CLOCK_MARGIN_MS,
      patienceMs: env.DROVER_PATIENCE_MS,
      beatMs: env.DROVER_BEAT_MS,
      beatCharacters: env.DROVER_BEAT_CHARACTERS,
      logUploadMs: env.DROVER_LOG_UPLOAD_MS,
      streamMs: env.DROVER_STREAM_MS,
      pushSettleMs: env.DROVER_PUSH_SETTLE_MS,
      notices: { backoffMs: env.DROVER_WEBHOOKS_BACKOFF_MS, timeoutMs: env.DROVER_WEBHOOKS_TIMEOUT_MS },
      launchLimitMs: env.DROVER_LAUNCH_LIMIT_MS,
      models: await modelsOf(env),
      isolation: JSON.parse(env.DROVER_ISOLATION) as Isolation,
      ...(env.DROVER_PUBLIC_ORIGIN && { publicOrigin: env.DROVER_PUBLIC_ORIGIN }),
      ...(localGitUrl ? { localGit: { url: localGitUrl, secret: tokenSecret } } : {}),
    },
    clock: { now: () => Date.now(), sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) },
    ids,
  };
}

async function backendsOf(env: Environment): Promise<BackendSettings> {
  const first: EcsTarget = {
    cluster: env.DROVER_CLUSTER,
    taskDefinition: env.DROVER_TASK_DEFINITION,
    subnets: env.DROVER_SUBNETS,
    securityGroups: env.DROVER_SECURITY_GROUPS,
    assignPublicIp: env.DROVER_ASSIGN_PUBLIC_IP,
  };
  const setting = env.DROVER_BACKENDS;
  const further = setting && (await import("./core/backend-requests.ts")).declareBackends(setting);
  return { declared: { ...further, [defaultBackend]: first }, open: env.DROVER_BACKENDS_OPEN };
}

async function modelsOf({ DROVER_MODELS: setting }: Environment) {
  return setting ? (await import("./core/model-settings.ts")).readModels(setting) : knownModels;
}

/** One client for all queues. */
function openQueues(tryMs: number) {
  let opening: Promise<SQSClient> | undefined;
  return () => {
    opening ??= import("./aws/queue-client.ts").then(({ openQueueClient }) => openQueueClient(logger, tryMs));
    return opening;
  };
}

/** Only the intake function has these. */
async function intakeOf(queues: () => Promise<SQSClient>, env: Environment): Promise<Pick<Cloud, "intake">> {
  const { DROVER_INTAKE_QUEUE_URL: queueUrl, DROVER_INTAKE_DEAD_QUEUE_URL: deadQueueUrl } = env;
  const { DROVER_INTAKE_WORKSPACE: workspace, DROVER_INTAKE_PRINCIPAL: principal } = env;
  if (!queueUrl || !deadQueueUrl || !workspace) return {};
  const maxReceives = env.DROVER_INTAKE_MAX_RECEIVES;
  const { openIntake } = await import("./aws/intake-queue.ts");
  return { intake: openIntake(await queues(), { queueUrl, deadQueueUrl, workspace, principal, maxReceives }) };
}

/** Drawn many at once: one by one, the sixteen that an id takes cost more than the rest of a small request. */
const drawn = new Uint32Array(512);
let used = drawn.length;

function drawNumber(): number {
  if (used === drawn.length) {
    crypto.getRandomValues(drawn);
    used = 0;
  }
  const number = drawn[used] ?? 0;
  used += 1;
  return number / 2 ** 32;
}

const newId = () => ulid(undefined, drawNumber);

export const ids: Ids = {
  task: () => `tsk_${newId()}`,
  event: () => `evt_${newId()}`,
  key: () => `key_${newId()}`,
  webhook: () => `whk_${newId()}`,
  source: () => `src_${newId()}`,
  schedule: () => `sch_${newId()}`,
  permit: () => `prm_${newId()}`,
  operation: () => `opr_${newId()}`,
  random: () => Math.random(),
};

export const tokenSecretName = (prefix: string) => `${prefix}/token-secret`;

let opened: Promise<Cloud> | undefined;

/** The cloud of this process; opened at the first call, and again at the next one if that failed. */
export function cloudOfThisProcess(): Promise<Cloud> {
  opened ??= openCloud(process.env).catch((error: unknown) => {
    opened = undefined;
    throw error;
  });
  return opened;
}
