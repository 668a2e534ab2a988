// What runs together on AWS? One stage: the functions, what they stand on, and the clusters that sandboxes run in.
import { createAlarms, ownNamespace } from "../infra/aws/alarms.ts";
import { createArtifacts } from "../infra/aws/artifacts.ts";
import { createBudget } from "../infra/aws/budget.ts";
import { createOperatorDashboard } from "../infra/aws/dashboard.ts";
import { entryPoints, type FunctionName } from "../infra/aws/entry-points.ts";
import { createOutcomeBus, createSchedule, createStopEvents } from "../infra/aws/events.ts";
import { createDashboard, createFront, routeApi } from "../infra/aws/front.ts";
import { createFunction, type FunctionSettings } from "../infra/aws/function.ts";
import { createQueue, subscribe } from "../infra/aws/queue.ts";
import { createTable } from "../infra/aws/table.ts";
import { createClusters, namesOf, openClusters, targetOf } from "./aws-clusters.ts";
import { rightsOf } from "./rights.ts";
import { readSettings, type StageSettings } from "./settings.ts";

const maxReceives = 5;
/** The reader goes on by itself. Lambda hears nothing of one who has left: a closed tab holds its place for this long. */
const streamMs = 60_000;
/** Above the intake function's own limit of tries, after which it buries a message with the reason. */
const intakeMaxReceives = 1_000;

export function createStage() {
  const settings = readSettings($app.stage, process.env);
  const kept = createWhatIsKept(settings);
  const front = createFront(settings);
  const clusters = createClusters(settings);
  const { table, artifacts, wakeUps, notices, intake, outcomeBus } = kept;
  const rights = rightsOf(nameWhatIsKept(kept, clusters));
  const environment = {
    ...describeForFunctions(kept, clusters, settings),
    DROVER_PUBLIC_ORIGIN: front.url,
    // Each costs by the month, so only where somebody watches.
    ...(settings.alarmsTo !== undefined && { DROVER_METRICS: ownNamespace() }),
  };
  // For whoever sets the stage up, or looks into it with rights of their own. Secrets are not in it.
  new aws.ssm.Parameter("Environment", {
    name: `${parametersPrefix()}/environment`,
    type: "String",
    value: $jsonStringify(environment),
  });
  const make = (name: FunctionName, more: Partial<FunctionSettings> = {}) =>
    createFunction(name, {
      rights: rights[name],
      logDays: settings.logDays,
      ...more,
      environment: { ...environment, ...more.environment },
    });

  const api = make("api", { url: true });
  const stream = make("stream", {
    url: true,
    reserved: settings.reserved?.stream,
    environment: { DROVER_STREAM_MS: String(streamMs) },
  });
  const kill = make("kill", { url: true, reserved: settings.reserved?.kill });
  const dispatcher = make("dispatcher");
  const deadLetter = make("deadLetter");
  // The next round is due in a minute: one that was missed is not made up for.
  const reaper = make("reaper", { retries: 0, environment: { DROVER_API_URL: api.url } });
  const digest = make("digest", { retries: 0 });
  const sandboxState = make("sandboxState");
  const notify = make("notify");
  const taker = intake && make("intake", { environment: intake.binding });

  subscribe("WakeUps", wakeUps.queue, dispatcher, { batchSize: 10, atOnce: settings.dispatchersAtOnce });
  subscribe("DeadWakeUps", wakeUps.dead, deadLetter, { batchSize: 10, atOnce: 2 });
  // A receiver may take its time; it must not keep the others waiting for theirs.
  subscribe("Notices", notices.queue, notify, { batchSize: 1, atOnce: 5 });
  if (intake && taker) subscribe("Intake", intake.queue, taker, { batchSize: 5, atOnce: 2 });
  createSchedule("reaper", reaper, "rate(1 minute)");
  // It writes one a day, and finds nothing to do the other times: one that failed is made up for within the hour.
  createSchedule("digest", digest, "rate(1 hour)");
  createStopEvents(
    sandboxState,
    clusters.map(({ cluster }) => cluster.arn),
  );
  const filters = openClusters(clusters, settings, { apiUrl: api.url, artifactsBucketArn: artifacts.arn });
  routeApi(front, api, stream);
  createDashboard(front);

  if (settings.alarmsTo !== undefined) {
    const functions = { api, stream, kill, dispatcher, deadLetter, reaper, digest, sandboxState, notify };
    const all = { ...functions, ...(taker && { intake: taker }) };
    createAlarms(settings.alarmsTo, { functions: all, wakeUps, notices, intake, table, filters });
    createOperatorDashboard({ functions: all, queues: { wakeUps, notices, ...(intake && { intake }) }, table });
    if (settings.budgetDollars) createBudget({ dollars: settings.budgetDollars, mailbox: settings.alarmsTo });
  }
  return {
    url: front.url,
    killUrl: kill.url,
    table: table.name,
    parameters: environment.DROVER_PARAMETERS,
    ...(intake && { intakeQueue: intake.queue.url }),
    ...(outcomeBus && { outcomeBus: outcomeBus.arn }),
  };
}

type Kept = ReturnType<typeof createWhatIsKept>;

function createWhatIsKept(settings: StageSettings) {
  // Six times what the function may take, as Lambda's page on SQS advises.
  const queueFor = (name: string, fn: FunctionName, receives = maxReceives) =>
    createQueue(name, { visibilityTimeoutS: 6 * entryPoints[fn].timeoutSeconds, maxReceives: receives });
  const { intakeWorkspace } = settings;
  return {
    table: createTable({ keep: settings.keep }),
    artifacts: createArtifacts({ keep: settings.keep, days: settings.artifactDays }),
    wakeUps: queueFor("WakeUps", "dispatcher"),
    notices: queueFor("Notices", "notify"),
    intake:
      intakeWorkspace === undefined
        ? undefined
        : bindIntake(queueFor("Requests", "intake", intakeMaxReceives), intakeWorkspace),
    outcomeBus: settings.outcomes ? createOutcomeBus() : undefined,
  };
}

const bindIntake = ({ queue, dead }: ReturnType<typeof createQueue>, workspace: string) => ({
  queue,
  dead,
  binding: {
    DROVER_INTAKE_QUEUE_URL: queue.url,
    DROVER_INTAKE_DEAD_QUEUE_URL: dead.url,
    DROVER_INTAKE_WORKSPACE: workspace,
  },
});

/** Apart for each stage: a preview's key is worth nothing in production. */
const parametersPrefix = () => `/drover/${$app.stage}`;

function nameWhatIsKept(
  { table, artifacts, wakeUps, notices, intake, outcomeBus }: Kept,
  clusters: ReturnType<typeof createClusters>,
) {
  const { region } = aws.getRegionOutput({});
  const { accountId } = aws.getCallerIdentityOutput({});
  const parameter = (name: string) =>
    $interpolate`arn:aws:ssm:${region}:${accountId}:parameter${parametersPrefix()}/${name}`;
  return {
    table: table.arn,
    tableIndexes: $interpolate`${table.arn}/index/*`,
    wakeUps: wakeUps.queue.arn,
    deadWakeUps: wakeUps.dead.arn,
    notices: notices.queue.arn,
    ...(intake && { intake: intake.queue.arn, deadIntake: intake.dead.arn }),
    ...(outcomeBus && { outcomeBus: outcomeBus.arn }),
    bucket: artifacts.arn,
    taskArtifacts: $interpolate`${artifacts.arn}/tasks/*`,
    auditFiles: $interpolate`${artifacts.arn}/audit/*`,
    tokenSecret: parameter("token-secret"),
    auditKey: parameter("audit-key"),
    auditPublicKey: parameter("audit-public-key"),
    credentials: parameter("credentials/*"),
    webhookSecrets: parameter("webhooks/*"),
    clusters: clusters.map((cluster) => namesOf(cluster, accountId)),
  };
}

/** As `functions/cloud.ts` reads it. */
function describeForFunctions(
  { table, artifacts, wakeUps, notices, outcomeBus }: Kept,
  [first, ...further]: ReturnType<typeof createClusters>,
  { ofFunctions }: StageSettings,
) {
  if (!first) throw new Error("A stage without a cluster could run nothing.");
  const { cluster, taskDefinition, subnets, securityGroups, assignPublicIp } = targetOf(first);
  const backends = Object.fromEntries(further.map((one) => [one.name, targetOf(one)]));
  return {
    DROVER_TABLE: table.name,
    DROVER_WAKE_QUEUE_URL: wakeUps.queue.url,
    DROVER_NOTIFY_QUEUE_URL: notices.queue.url,
    // Only notify may put anything there; the others must know that ends are waited for.
    ...(outcomeBus && { DROVER_OUTCOME_BUS: outcomeBus.name }),
    DROVER_ARTIFACTS_BUCKET: artifacts.name,
    DROVER_CLUSTER: cluster,
    DROVER_TASK_DEFINITION: taskDefinition,
    DROVER_SUBNETS: $util.all(subnets).apply((ids) => ids.join()),
    DROVER_SECURITY_GROUPS: $util.all(securityGroups).apply((ids) => ids.join()),
    DROVER_ASSIGN_PUBLIC_IP: String(assignPublicIp),
    ...(further.length > 0 && { DROVER_BACKENDS: $jsonStringify(backends) }),
    DROVER_PARAMETERS: parametersPrefix(),
    ...ofFunctions,
  };
}
