// What runs together on AWS? One stage: the functions, what they stand on, and the clusters that sandboxes run in.
import { createArtifacts } from "../infra/aws/artifacts.ts";
import { createCluster, createSandbox } from "../infra/aws/cluster.ts";
import { entryPoints, type FunctionName } from "../infra/aws/entry-points.ts";
import { createOutcomeBus, createReaperSchedule, createStopEvents } from "../infra/aws/events.ts";
import { createDashboard, createFront, routeApi } from "../infra/aws/front.ts";
import { createFunction } from "../infra/aws/function.ts";
import { createOpenNetwork } from "../infra/aws/network.ts";
import { createQueue, subscribe } from "../infra/aws/queue.ts";
import { createTable } from "../infra/aws/table.ts";
import { rightsOf } from "./rights.ts";
import { readSettings } from "./settings.ts";

/** Above the intake function's own limit of tries, after which it buries a message with the reason. */
const intakeMaxReceives = 1_000;
const maxReceives = 5;

export function createStage() {
  const settings = readSettings($app.stage, process.env);
  const table = createTable(settings);
  const artifacts = createArtifacts({ keep: settings.keep, days: settings.artifactDays });
  const queueFor = (name: string, fn: FunctionName, receives = maxReceives) =>
    createQueue(name, { visibilityTimeoutS: 6 * entryPoints[fn].timeoutSeconds, maxReceives: receives });
  const wakeUps = queueFor("WakeUps", "dispatcher");
  const notices = queueFor("Notices", "notify");
  const intake = settings.intakeWorkspace ? queueFor("Intake", "intake", intakeMaxReceives) : undefined;
  const outcomeBus = settings.outcomes ? createOutcomeBus() : undefined;
  const front = createFront(settings);

  const supervisorEnvironment = {
    DROVER_EGRESS_ALLOW: settings.agentHosts.join(),
    DROVER_GATES_EGRESS_ALLOW: settings.agentHosts.join(),
    DROVER_EGRESS_UPLOAD_MB: "64",
  };
  const sandbox = { ...settings, ...settings.sandbox, supervisorEnvironment };
  const regions = [
    { name: "default", place: {} },
    ...settings.backends.map(({ name, region }) => ({
      name,
      place: { provider: new aws.Provider(`Region${name}`, { region: region as aws.Region }) },
    })),
  ];
  const clusters = regions.map(({ name, place }) => {
    const title = name.charAt(0).toUpperCase() + name.slice(1);
    const cluster = createCluster(title, createOpenNetwork(title, place), sandbox, place);
    return { name, title, place, ...cluster };
  });
  const [first, ...further] = clusters;
  if (!first) throw new Error("There is no cluster at all.");

  const { region } = aws.getRegionOutput({});
  const { accountId } = aws.getCallerIdentityOutput({});
  const parameters = `/drover/${$app.stage}`;
  const parameter = (name: string) => $interpolate`arn:aws:ssm:${region}:${accountId}:parameter${parameters}/${name}`;
  const rights = rightsOf<$util.Input<string>>({
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
    clusters: clusters.map(({ cluster, executionRole, family, region: ofRegion }) => ({
      cluster: cluster.arn,
      tasks: $interpolate`arn:aws:ecs:${ofRegion}:${accountId}:task/${cluster.name}/*`,
      taskDefinitions: $interpolate`arn:aws:ecs:${ofRegion}:${accountId}:task-definition/${family}:*`,
      executionRole: executionRole.arn,
    })),
  });

  const environment = {
    DROVER_TABLE: table.name,
    DROVER_WAKE_QUEUE_URL: wakeUps.queue.url,
    DROVER_NOTIFY_QUEUE_URL: notices.queue.url,
    DROVER_ARTIFACTS_BUCKET: artifacts.name,
    DROVER_CLUSTER: first.cluster.name,
    DROVER_TASK_DEFINITION: first.family,
    DROVER_SUBNETS: $util.all(first.network.subnetIds).apply((ids) => ids.join()),
    DROVER_SECURITY_GROUPS: first.network.securityGroupId,
    DROVER_ASSIGN_PUBLIC_IP: String(first.network.assignPublicIp),
    DROVER_BACKENDS: $jsonStringify(
      Object.fromEntries(
        further.map(({ name, cluster, family, network, region: ofRegion }) => [
          name,
          {
            cluster: cluster.name,
            taskDefinition: family,
            region: ofRegion,
            subnets: network.subnetIds,
            securityGroups: [network.securityGroupId],
            assignPublicIp: network.assignPublicIp,
          },
        ]),
      ),
    ),
    DROVER_PARAMETERS: parameters,
    DROVER_PUBLIC_ORIGIN: front.url,
    DROVER_SLOTS: String(settings.slots),
  };
  const make = (name: FunctionName, more: Partial<Parameters<typeof createFunction>[1]> = {}) =>
    createFunction(name, {
      rights: rights[name],
      logDays: settings.logDays,
      ...more,
      environment: { ...environment, ...more.environment },
    });

  const api = make("api", { url: true });
  const stream = make("stream", { url: true, reserved: settings.reserved?.stream });
  const kill = make("kill", { url: true, reserved: settings.reserved?.kill });
  subscribe("WakeUps", wakeUps.queue, make("dispatcher"), { batchSize: 10, atOnce: settings.dispatchersAtOnce });
  subscribe("DeadWakeUps", wakeUps.dead, make("deadLetter"), { batchSize: 10, atOnce: 2 });
  // A receiver may take its time; it must not keep the others waiting for theirs.
  const notify = make("notify", { ...(outcomeBus && { environment: { DROVER_OUTCOME_BUS: outcomeBus.name } }) });
  subscribe("Notices", notices.queue, notify, { batchSize: 1, atOnce: 5 });
  createReaperSchedule(make("reaper"));
  createStopEvents(
    make("sandboxState"),
    clusters.map(({ cluster }) => cluster.arn),
  );
  if (intake && settings.intakeWorkspace) {
    const binding = {
      DROVER_INTAKE_QUEUE_URL: intake.queue.url,
      DROVER_INTAKE_DEAD_QUEUE_URL: intake.dead.url,
      DROVER_INTAKE_WORKSPACE: settings.intakeWorkspace,
    };
    subscribe("Intake", intake.queue, make("intake", { environment: binding }), { batchSize: 5, atOnce: 2 });
  }
  for (const { title, place, ...cluster } of clusters) {
    createSandbox(title, cluster, { ...sandbox, apiUrl: api.url }, place);
  }
  routeApi(front, api, stream);
  createDashboard(front);
  return {
    url: front.url,
    killUrl: kill.url,
    table: table.name,
    parameters,
    ...(intake && { intakeQueue: intake.queue.url }),
    ...(outcomeBus && { outcomeBus: outcomeBus.arn }),
  };
}
