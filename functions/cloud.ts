// Which cloud do the entry points run on? The SDK's clients, set up from the environment once per process.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { SSMClient } from "@aws-sdk/client-ssm";
import { ulid } from "ulid";
import * as z from "zod";
import { openAuditKey } from "./aws/audit-key.ts";
import { openIntake } from "./aws/intake-queue.ts";
import { openNoticeQueue } from "./aws/notice-queue.ts";
import { openNotices } from "./aws/notices.ts";
import { openOwnApi } from "./aws/own-api.ts";
import { getSecret, openCredentials, openWebhookSecrets } from "./aws/parameters.ts";
import { openReceivers } from "./aws/receivers.ts";
import { openTable } from "./aws/table.ts";
import { openWakeUps } from "./aws/wake-ups.ts";
import { type BackendSettings, declaredBackends, defaultBackend, type EcsTarget } from "./core/backends.ts";
import { maxBeatOutputCharacters } from "./core/callbacks.ts";
import type { Cloud, Isolation } from "./core/cloud.ts";
import { readModels } from "./core/models.ts";
import { resourceName } from "./core/requests.ts";
import { signAttempt, signFor } from "./core/signing.ts";
import { later } from "./later.ts";

const count = z.coerce.number().int().positive();
const list = z.string().transform((text) => text.split(",").filter(Boolean));

const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: "custom", message: "is not JSON" });
    return z.NEVER;
  }
});

const environment = z.object({
  DROVER_TABLE: z.string(),
  DROVER_WAKE_QUEUE_URL: z.string(),
  DROVER_NOTIFY_QUEUE_URL: z.string(),
  DROVER_INTAKE_QUEUE_URL: z.string().optional(),
  DROVER_INTAKE_DEAD_QUEUE_URL: z.string().optional(),
  DROVER_INTAKE_WORKSPACE: resourceName.optional(),
  DROVER_INTAKE_PRINCIPAL: z.string().default("intake"),
  DROVER_INTAKE_MAX_RECEIVES: count.default(200),
  /** Waits between the tries of a delivery: eight tries in about a day. */
  DROVER_WEBHOOKS_BACKOFF_MS: list
    .pipe(z.array(z.coerce.number<string>().int().positive()).min(1))
    .default([5_000, 60_000, 300_000, 1_800_000, 7_200_000, 21_600_000, 43_200_000]),
  DROVER_WEBHOOKS_TIMEOUT_MS: count.default(10_000),
  /** Name or ARN of an EventBridge bus that is told of every outcome. */
  DROVER_OUTCOME_BUS: z.string().min(1).optional(),
  /** For tests and one machine: notices may go to loopback over plain http. */
  DROVER_WEBHOOKS_ALLOW_LOOPBACK: z.stringbool().default(false),
  DROVER_ARTIFACTS_BUCKET: z.string(),
  DROVER_CLUSTER: z.string(),
  DROVER_TASK_DEFINITION: z.string(),
  DROVER_SUBNETS: list,
  DROVER_SECURITY_GROUPS: list.default([]),
  DROVER_ASSIGN_PUBLIC_IP: z.stringbool().default(false),
  /** JSON: the backends beside the default one, which the variables above declare. */
  DROVER_BACKENDS: json.pipe(declaredBackends).default({}),
  /** For one machine: `loopback` lets a super admin add any ECS endpoint on it. */
  DROVER_BACKENDS_OPEN: z.enum(["none", "loopback"]).default("none"),
  /** SSM path under which the token secret and the credentials stand. */
  DROVER_PARAMETERS: z.string().startsWith("/"),
  /** Of this process. Fargate takes 20 RunTask calls a second: for five dispatchers at once, and the reaper. */
  DROVER_LAUNCHES_PER_SECOND: z.coerce.number().positive().default(3),
  DROVER_SLOTS: count.default(20),
  DROVER_SLOTS_PER_WORKSPACE: count.optional(),
  DROVER_SLOTS_PER_BACKEND: count.optional(),
  DROVER_SLOTS_PER_REPOSITORY: count.optional(),
  DROVER_REQUESTS_PER_MINUTE: count.default(100),
  DROVER_QUEUE_LIMIT: count.default(100_000),
  DROVER_MAX_QUEUE_AGE_MS: count.default(7 * 24 * 60 * 60 * 1000),
  DROVER_LEASE_MS: count.default(90_000),
  DROVER_WALL_CLOCK_MARGIN_MS: count.default(2 * 60 * 60 * 1000),
  DROVER_PATIENCE_MS: count.default(15 * 60 * 1000),
  DROVER_BEAT_MS: count.default(30_000),
  /** So many leave the attempt's item below 1 KB; twice as many cost twice as much at each beat. */
  DROVER_BEAT_CHARACTERS: count.max(maxBeatOutputCharacters).default(200),
  DROVER_LOG_UPLOAD_MS: count.default(300_000),
  DROVER_STREAM_MS: count.default(5 * 60_000),
  DROVER_PUSH_SETTLE_MS: count.default(120_000),
  DROVER_LAUNCH_LIMIT_MS: count.default(300_000),
  /** JSON of `Isolation`; Fargate's micro-VM when absent. */
  DROVER_ISOLATION: z.string().default('{"kind":"confined"}'),
  DROVER_LOCAL_GIT_URL: z.url().optional(),
  /** For the reaper, which asks whether agents can be heard there. Without it they can: it serves the API itself. */
  DROVER_API_URL: z.url().optional(),
  DROVER_PUBLIC_ORIGIN: z
    .url({ normalize: true })
    .transform((url) => new URL(url).origin)
    .optional(),
  /** JSON: other prices or windows, or more models; see `readModels`. */
  DROVER_MODELS: z.string().optional(),
});

/** Opens the cloud that this process's environment names. Throws, naming the variables, when some are missing. */
async function openCloud(variables: NodeJS.ProcessEnv): Promise<Cloud> {
  const parsed = environment.safeParse(variables);
  if (!parsed.success) throw new Error(`The environment is not complete:\n${z.prettifyError(parsed.error)}`);
  const env = parsed.data;
  const ssm = new SSMClient();
  const tokenSecret = await getSecret(ssm, tokenSecretName(env.DROVER_PARAMETERS));
  if (!tokenSecret) throw new Error(`SSM parameter ${tokenSecretName(env.DROVER_PARAMETERS)} does not exist.`);
  const sqs = new SQSClient();
  const dynamo = { client: new DynamoDBClient(), tableName: env.DROVER_TABLE };
  const table = openTable(dynamo);
  const backends = backendsOf(env);
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
    wakeUps: openWakeUps(sqs, env.DROVER_WAKE_QUEUE_URL),
    sandboxes: (backend) => later(async () => (await sandboxes())(backend)),
    artifacts: later(async () => (await import("./aws/artifacts.ts")).openArtifacts(env.DROVER_ARTIFACTS_BUCKET)),
    credentials: openCredentials(ssm, env.DROVER_PARAMETERS),
    tokenOf: (agentId) => signAttempt(tokenSecret, agentId),
    sign: (purpose, text) => signFor(tokenSecret, purpose, text),
    auditKey: openAuditKey(ssm, env.DROVER_PARAMETERS),
    remotes: later(async () => (await import("./git/remotes.ts")).openRemotes()),
    notices: openNotices(dynamo),
    noticeQueue: openNoticeQueue(sqs, env.DROVER_NOTIFY_QUEUE_URL),
    webhookSecrets: openWebhookSecrets(ssm, env.DROVER_PARAMETERS),
    receivers: openReceivers({
      timeoutMs: env.DROVER_WEBHOOKS_TIMEOUT_MS,
      allowLoopback: env.DROVER_WEBHOOKS_ALLOW_LOOPBACK,
    }),
    forges: later(async () => (await import("./forge/forges.ts")).openForges()),
    ...(bus && { outcomeBus: later(async () => (await import("./aws/outcome-bus.ts")).openOutcomeBus(bus)) }),
    ...(env.DROVER_API_URL && {
      ownApi: openOwnApi(env.DROVER_API_URL, (agentId) => signAttempt(tokenSecret, agentId)),
    }),
    ...intakeOf(sqs, env),
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
      models: readModels(env.DROVER_MODELS),
      isolation: JSON.parse(env.DROVER_ISOLATION) as Isolation,
      ...(env.DROVER_PUBLIC_ORIGIN && { publicOrigin: env.DROVER_PUBLIC_ORIGIN }),
      ...(localGitUrl ? { localGit: { url: localGitUrl, secret: tokenSecret } } : {}),
    },
    clock: { now: () => Date.now(), sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) },
    ids: {
      task: () => `tsk_${ulid()}`,
      event: () => `evt_${ulid()}`,
      key: () => `key_${ulid()}`,
      webhook: () => `whk_${ulid()}`,
      source: () => `src_${ulid()}`,
      schedule: () => `sch_${ulid()}`,
      permit: () => `prm_${ulid()}`,
      operation: () => `opr_${ulid()}`,
      random: () => Math.random(),
    },
  };
}

function backendsOf(env: z.output<typeof environment>): BackendSettings {
  const first: EcsTarget = {
    cluster: env.DROVER_CLUSTER,
    taskDefinition: env.DROVER_TASK_DEFINITION,
    subnets: env.DROVER_SUBNETS,
    securityGroups: env.DROVER_SECURITY_GROUPS,
    assignPublicIp: env.DROVER_ASSIGN_PUBLIC_IP,
  };
  return { declared: { ...env.DROVER_BACKENDS, [defaultBackend]: first }, open: env.DROVER_BACKENDS_OPEN };
}

/** Only the intake function has these. */
function intakeOf(sqs: SQSClient, env: z.output<typeof environment>): Pick<Cloud, "intake"> {
  const { DROVER_INTAKE_QUEUE_URL: queueUrl, DROVER_INTAKE_DEAD_QUEUE_URL: deadQueueUrl } = env;
  const { DROVER_INTAKE_WORKSPACE: workspace, DROVER_INTAKE_PRINCIPAL: principal } = env;
  if (!queueUrl || !deadQueueUrl || !workspace) return {};
  const maxReceives = env.DROVER_INTAKE_MAX_RECEIVES;
  return { intake: openIntake(sqs, { queueUrl, deadQueueUrl, workspace, principal, maxReceives }) };
}

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
