// How does ECS describe a task on the wire? Times are epoch seconds in AwsJson.
import { arnOf, taskDefinitionArn } from "./arns.ts";
import type { Ecs } from "./context.ts";
import type { TaskRecord } from "./task.ts";

export function viewTask(ecs: Ecs, record: TaskRecord, withTags = false) {
  const taskArn = arnOf(ecs.cluster, "task", record.id);
  return {
    taskArn,
    clusterArn: arnOf(ecs.cluster, "cluster"),
    taskDefinitionArn: taskDefinitionArn(record),
    group: record.group,
    startedBy: record.startedBy,
    ...(record.capacityProvider ? { capacityProviderName: record.capacityProvider } : {}),
    launchType: "FARGATE",
    platformFamily: "Linux",
    platformVersion: "1.4.0",
    cpu: record.cpu,
    memory: record.memory,
    overrides: record.overrides,
    attachments: [],
    lastStatus: record.lastStatus,
    desiredStatus: record.desiredStatus,
    version: record.version,
    createdAt: record.createdAt / 1000,
    pullStartedAt: toSeconds(record.pullStartedAt),
    pullStoppedAt: toSeconds(record.pullStoppedAt),
    startedAt: toSeconds(record.startedAt),
    stoppingAt: toSeconds(record.stoppingAt),
    executionStoppedAt: toSeconds(record.executionStoppedAt),
    stoppedAt: toSeconds(record.stoppedAt),
    stopCode: record.stopCode,
    stoppedReason: record.stoppedReason,
    containers: record.containers.map(({ spec, lastStatus, exitCode, reason }) => ({
      containerArn: arnOf(ecs.cluster, "container", record.id, spec.name),
      taskArn,
      name: spec.name,
      lastStatus,
      exitCode,
      reason,
      healthStatus: "UNKNOWN",
      networkInterfaces: [],
    })),
    ...(withTags ? { tags: record.tags } : {}),
  };
}

function toSeconds(atMs: number | undefined): number | undefined {
  return atMs === undefined ? undefined : atMs / 1000;
}
