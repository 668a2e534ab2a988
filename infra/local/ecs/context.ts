// What do the operations of one endpoint share?
import { AwsError } from "../aws-json.ts";
import type { ContainerRuntime, TaskFolder } from "../containers.ts";
import { arnOf } from "./arns.ts";
import { invalidParameter } from "./parse.ts";
import type { EcsTaskStateChange } from "./state-change.ts";
import type { LiveTask, LocalTaskDefinition } from "./task.ts";
import type { Bucket } from "./token-bucket.ts";

export interface Ecs {
  cluster: string;
  stateDir: string;
  definitions: readonly LocalTaskDefinition[];
  runtime: ContainerRuntime;
  tasks: Map<string, LiveTask>;
  maxTasks: number;
  runTaskCalls: Bucket;
  launches: Bucket;
  stoppedVisibleMs: number;
  onStateChange(event: EcsTaskStateChange): Promise<void> | void;
  now(): number;
  /** False once every task was asked to end: none may start after that. */
  admitting: boolean;
  /** Work that a restart should find done or not begun. */
  busy: Set<Promise<unknown>>;
  /** Aborted: the tasks belong to the next endpoint on this folder. Write nothing, signal nobody. */
  closed: AbortSignal;
}

/** The task that an id or ARN names. ECS refuses the ARN of another cluster's. */
export function findTask(ecs: Ecs, idOrArn: string): LiveTask | undefined {
  const cluster = idOrArn.match(/^arn:.*:task\/([^/]+)\/[^/]+$/)?.[1];
  if (cluster !== undefined && cluster !== ecs.cluster)
    throw invalidParameter(`Invalid identifier: Identifier is for cluster ${cluster}. Your cluster is ${ecs.cluster}`);
  const task = ecs.tasks.get(idOrArn.split("/").at(-1) ?? "");
  if (!task || !idOrArn.startsWith("arn:")) return task;
  return arnOf(ecs.cluster, "task", task.record.id) === idOrArn ? task : undefined;
}

export function checkCluster(ecs: Ecs, nameOrArn = "default"): void {
  if (isCluster(ecs, nameOrArn)) return;
  throw new AwsError("ClusterNotFoundException", "Cluster not found.");
}

export function isCluster(ecs: Ecs, nameOrArn: string): boolean {
  return nameOrArn === ecs.cluster || nameOrArn === arnOf(ecs.cluster, "cluster");
}

export function folderOf(ecs: Ecs, task: LiveTask): TaskFolder {
  return { root: `${ecs.stateDir}/${task.record.id}` };
}

export function isLive(task: LiveTask): boolean {
  return task.record.lastStatus !== "STOPPED";
}

/** Runs `work` on its own; close() waits for it. A failure here is a bug, told and survived. */
export function runAside(ecs: Ecs, task: LiveTask, work: () => Promise<void>): void {
  const done = work()
    .catch((error) => console.error(`local ECS: task ${task.record.id} went wrong`, error))
    .finally(() => ecs.busy.delete(done));
  ecs.busy.add(done);
}
