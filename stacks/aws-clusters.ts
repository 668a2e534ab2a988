// Where may sandboxes of a stage run? In the region of the stage, and in a cluster of each region that its owner has named.
import { createCluster, createSandbox } from "../infra/aws/cluster.ts";
import { relayStopEvents } from "../infra/aws/events.ts";
import { createOpenNetwork, type Place } from "../infra/aws/network.ts";
import { createWalledNetwork } from "../infra/aws/walled-network.ts";
import type { ClusterNames } from "./rights.ts";
import type { StageSettings } from "./settings.ts";

export type StageCluster = ReturnType<typeof createClusters>[number];

/** The first is the default one. */
export function createClusters(settings: StageSettings) {
  const regions: { name: string; place: Place }[] = [
    { name: "default", place: {} },
    ...settings.backends.map(({ name, region }) => ({
      name,
      place: {
        provider: new aws.Provider(`${titleOf(name)}Region`, {
          region: region as aws.Region,
          // As SST's own provider gives them: the budget finds what a stage costs by them.
          defaultTags: { tags: { "sst:app": $app.name, "sst:stage": $app.stage } },
        }),
      },
    })),
  ];
  return regions.map(({ name, place }) => {
    const title = titleOf(name);
    const walled = settings.network === "walled" ? createWalledNetwork(title, place) : undefined;
    const network = walled ?? createOpenNetwork(title, place);
    return { name, title, place, walled, ...createCluster(title, network, sandboxOf(settings), place) };
  });
}

/** What a sandbox needs to know of the API, which is made after the clusters. Answers the filters of walled networks. */
export function openClusters(
  clusters: readonly StageCluster[],
  settings: StageSettings,
  { apiUrl, artifactsBucketArn }: { apiUrl: $util.Output<string>; artifactsBucketArn: $util.Output<string> },
): aws.ec2.Instance[] {
  return clusters.flatMap(({ title, place, walled, region, ...cluster }) => {
    createSandbox(title, { region, ...cluster }, { ...sandboxOf(settings), apiUrl }, place);
    const { agentHosts, supervisorHosts, image } = settings;
    const hosts = $util
      .all([apiUrl, region])
      .apply(([url, of]) => [
        ...new Set([...agentHosts, ...supervisorHosts, new URL(url).hostname, ...fargateHosts(image, of)]),
      ]);
    if (place.provider) relayStopEvents(title, cluster.cluster.arn, place);
    return walled?.openFor({ hosts: hosts.apply((names) => names.sort()), artifactsBucketArn }) ?? [];
  });
}

/** Fargate pulls the image and sends the log from within the sandbox's network. Layers come from S3, which has a way of its own. */
function fargateHosts(image: string, region: string): string[] {
  return [String(image.split("/")[0]), `api.ecr.${region}.amazonaws.com`, `logs.${region}.amazonaws.com`];
}

function sandboxOf({ image, architecture, sandbox, agentHosts, logDays }: StageSettings) {
  const supervisorEnvironment = {
    DROVER_EGRESS_ALLOW: agentHosts.join(),
    DROVER_GATES_EGRESS_ALLOW: agentHosts.join(),
    DROVER_EGRESS_UPLOAD_MB: "64",
  };
  return { image, architecture, ...sandbox, logDays, supervisorEnvironment };
}

export function namesOf(cluster: StageCluster, accountId: $util.Output<string>): ClusterNames<$util.Output<string>> {
  const arn = (rest: $util.Output<string>) => $interpolate`arn:aws:ecs:${cluster.region}:${accountId}:${rest}`;
  return {
    cluster: cluster.cluster.arn,
    tasks: arn($interpolate`task/${cluster.cluster.name}/*`),
    taskDefinitions: arn($interpolate`task-definition/${cluster.family}:*`),
    executionRole: cluster.executionRole.arn,
  };
}

/** As `EcsTarget` of `core/backends.ts` has it. */
export const targetOf = ({ cluster, family, network, region }: StageCluster) => ({
  cluster: cluster.name,
  taskDefinition: family,
  region,
  subnets: network.subnetIds,
  securityGroups: [network.securityGroupId],
  assignPublicIp: network.assignPublicIp,
});

const titleOf = (name: string) => name.replace(/(^|-)([a-z0-9])/g, (_, __, letter: string) => letter.toUpperCase());
