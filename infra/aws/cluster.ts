// Where do sandboxes run? One ECS cluster, the task definition of `sandboxTask`, and the one role that Fargate pulls and logs with.
import type { Network, Place } from "./network.ts";
import { createRole } from "./role.ts";
import { type SandboxTaskSettings, sandboxTask } from "./sandbox-task.ts";

export interface ClusterSettings
  extends Pick<
    SandboxTaskSettings,
    "image" | "architecture" | "cpuUnits" | "memoryMb" | "diskGb" | "supervisorEnvironment"
  > {
  logDays: number;
}

export function createCluster(name: string, network: Network, settings: ClusterSettings, place: Place = {}) {
  const stage = `drover-${$app.stage}-${name.toLowerCase()}`;
  const region = aws.getRegionOutput({}, place).region;
  const cluster = new aws.ecs.Cluster(
    `${name}Cluster`,
    { name: stage, settings: [{ name: "containerInsights", value: "disabled" }] },
    place,
  );
  const log = new aws.cloudwatch.LogGroup(
    `${name}SandboxLog`,
    { name: `/drover/${$app.stage}/sandbox/${name.toLowerCase()}`, retentionInDays: settings.logDays },
    place,
  );
  const executionRole = createExecutionRole(name, settings.image, log);
  return { cluster, log, executionRole, region, family: stage, network };
}

/** Fargate's, not the sandbox's: no container sees it. It pulls one image and writes one log. */
function createExecutionRole(name: string, image: string, log: aws.cloudwatch.LogGroup) {
  const repository = repositoryArn(image);
  const statements = [
    // A token for all registries of the account is the only kind that there is.
    ...(repository
      ? [
          { actions: ["ecr:GetAuthorizationToken"], resources: ["*"] },
          {
            actions: ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            resources: [repository],
          },
        ]
      : []),
    { actions: ["logs:CreateLogStream", "logs:PutLogEvents"], resources: [$interpolate`${log.arn}:*`] },
  ];
  const what = "pulls the image of drover's sandboxes, and writes their log";
  return createRole(`${name}ExecutionRole`, "ecs-tasks.amazonaws.com", statements, what);
}

/** Undefined for an image that lies elsewhere than in ECR, and is public. */
export function repositoryArn(image: string): string | undefined {
  const ecr = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com\/([^@:]+)/.exec(image);
  return ecr ? `arn:aws:ecr:${ecr[2]}:${ecr[1]}:repository/${ecr[3]}` : undefined;
}

type Made = ReturnType<typeof createCluster>;

/** Apart from the cluster, since it names the API, and the API names the cluster. */
export function createSandbox(
  name: string,
  made: Made,
  settings: ClusterSettings & { apiUrl: $util.Input<string> },
  place: Place = {},
): void {
  const { log, executionRole, region, family } = made;
  const task = $util
    .all([settings.apiUrl, executionRole.arn, log.name, region])
    .apply(([apiUrl, executionRoleArn, group, ofRegion]) =>
      sandboxTask({
        ...settings,
        apiUrl: apiUrl.replace(/\/$/, ""),
        executionRoleArn,
        log: { group, region: ofRegion },
      }),
    );
  new aws.ecs.TaskDefinition(
    `${name}Sandbox`,
    {
      family,
      requiresCompatibilities: ["FARGATE"],
      networkMode: "awsvpc",
      cpu: task.apply(({ cpu }) => String(cpu)),
      memory: task.apply(({ memory }) => String(memory)),
      runtimePlatform: {
        operatingSystemFamily: "LINUX",
        cpuArchitecture: settings.architecture,
      },
      ephemeralStorage: task.apply(({ ephemeralStorage }) => ({ sizeInGib: ephemeralStorage?.sizeInGiB ?? 21 })),
      executionRoleArn: executionRole.arn,
      volumes: task.apply(({ volumes = [] }) => volumes.map(({ name = "" }) => ({ name }))),
      containerDefinitions: $jsonStringify(task.apply(({ containerDefinitions }) => containerDefinitions)),
    },
    place,
  );
}
