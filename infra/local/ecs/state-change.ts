// What does EventBridge tell when a task changes? https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
import { randomUUID } from "node:crypto";
import { account, arnOf, region, taskDefinitionArn } from "./arns.ts";
import type { ContainerState, StopCode, TaskRecord, TaskStatus } from "./task.ts";

/** Times are ISO 8601. Overrides are left out on purpose: they carry tokens. */
export interface EcsTaskStateChange {
  /** The same at every delivery of this event. */
  id: string;
  "detail-type": "ECS Task State Change";
  source: "aws.ecs";
  account: string;
  region: string;
  time: string;
  resources: string[];
  detail: {
    taskArn: string;
    clusterArn: string;
    taskDefinitionArn: string;
    lastStatus: TaskStatus;
    desiredStatus: "RUNNING" | "STOPPED";
    startedBy?: string;
    group: string;
    launchType: "FARGATE";
    cpu: string;
    memory: string;
    stopCode?: StopCode;
    stoppedReason?: string;
    containers: { name: string; lastStatus: ContainerState["lastStatus"]; exitCode?: number; reason?: string }[];
    /** Rises by one with every change: the way to order events that come twice or late. */
    version: number;
    createdAt: string;
    startedAt?: string;
    stoppingAt?: string;
    executionStoppedAt?: string;
    stoppedAt?: string;
    updatedAt: string;
  };
}

export function describeChange(cluster: string, record: Omit<TaskRecord, "undelivered">, at: number) {
  const taskArn = arnOf(cluster, "task", record.id);
  return {
    id: randomUUID(),
    "detail-type": "ECS Task State Change",
    source: "aws.ecs",
    account,
    region,
    time: new Date(at).toISOString(),
    resources: [taskArn],
    detail: {
      taskArn,
      clusterArn: arnOf(cluster, "cluster"),
      taskDefinitionArn: taskDefinitionArn(record),
      lastStatus: record.lastStatus,
      desiredStatus: record.desiredStatus,
      startedBy: record.startedBy,
      group: record.group,
      launchType: "FARGATE",
      cpu: record.cpu,
      memory: record.memory,
      stopCode: record.stopCode,
      stoppedReason: record.stoppedReason,
      containers: record.containers.map(({ spec, lastStatus, exitCode, reason }) => {
        return { name: spec.name, lastStatus, exitCode, reason };
      }),
      version: record.version,
      createdAt: new Date(record.createdAt).toISOString(),
      startedAt: formatTime(record.startedAt),
      stoppingAt: formatTime(record.stoppingAt),
      executionStoppedAt: formatTime(record.executionStoppedAt),
      stoppedAt: formatTime(record.stoppedAt),
      updatedAt: new Date(at).toISOString(),
    },
  } satisfies EcsTaskStateChange;
}

function formatTime(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString();
}
