// How does this machine pass for an ECS cluster? One loopback endpoint, real processes, tasks that outlive a restart.
import { resolve } from "node:path";
import { type Endpoint, type Operation, serveAwsJson } from "../aws-json.ts";
import type { ContainerRuntime } from "../containers.ts";
import { type Ecs, isLive } from "./context.ts";
import { describeClusters, describeTasks, listTasks } from "./read-tasks.ts";
import { deleteRecord, readRecords } from "./records.ts";
import { recoverTask } from "./recover.ts";
import { runTask } from "./run-task.ts";
import type { EcsTaskStateChange } from "./state-change.ts";
import { killTask } from "./stop.ts";
import { answerStopTask } from "./stop-task.ts";
import { holdTask, type LocalTaskDefinition } from "./task.ts";
import { createBucket, type Rate } from "./token-bucket.ts";

export type { EcsTaskStateChange, LocalTaskDefinition };

export interface LocalEcsOptions {
  /** `<taskId>.json` is a task's record (0600), `<taskId>/` its TaskFolder. One endpoint at a time. */
  stateDir: string;
  cluster: string;
  taskDefinitions: LocalTaskDefinition[];
  runtime: ContainerRuntime;
  /** At least once per event; a rejection means: again, later. In order within a task. */
  onStateChange(event: EcsTaskStateChange): Promise<void> | void;
  /** Live tasks; over it RunTask answers `failures`. */
  maxTasks?: number;
  /** Tasks that may be launched. Fargate's figures unless given. */
  launchRate?: Rate;
  /** RunTask calls. */
  runTaskRate?: Rate;
  /** How long a stopped task can be described. */
  stoppedVisibleMs?: number;
  port?: number;
  /** Epoch milliseconds. */
  now?: () => number;
}

export interface LocalEcs extends Endpoint {
  /** Leaves the tasks running, for the next endpoint on this folder. Waits for launches under way. */
  close(): Promise<void>;
  /** Kills every task for good and resolves when nothing lives. No task starts after that. */
  stopAll(): Promise<void>;
}

export async function startEcs(options: LocalEcsOptions): Promise<LocalEcs> {
  const { now = Date.now } = options;
  const stateDir = resolve(options.stateDir);
  const closing = new AbortController();
  const ecs: Ecs = {
    cluster: options.cluster,
    stateDir,
    definitions: options.taskDefinitions,
    runtime: options.runtime,
    tasks: new Map(readRecords(stateDir).map((record) => [record.id, holdTask(record)])),
    maxTasks: options.maxTasks ?? Number.POSITIVE_INFINITY,
    // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/throttling.html
    runTaskCalls: createBucket(options.runTaskRate ?? { burst: 20, perSecond: 20 }, now),
    launches: createBucket(options.launchRate ?? { burst: 100, perSecond: 20 }, now),
    stoppedVisibleMs: options.stoppedVisibleMs ?? 60 * 60 * 1000,
    onStateChange: (event) => options.onStateChange(event),
    now,
    admitting: true,
    busy: new Set(),
    closed: closing.signal,
  };
  const server = await serveAwsJson({
    targetPrefix: "AmazonEC2ContainerServiceV20141113",
    jsonVersion: "1.1",
    port: options.port,
    operations: {
      RunTask: operation(ecs, runTask),
      StopTask: operation(ecs, answerStopTask),
      DescribeTasks: operation(ecs, describeTasks),
      ListTasks: operation(ecs, listTasks),
      DescribeClusters: operation(ecs, describeClusters),
    },
  });
  // After listening, so that a second endpoint on the same port fails before it touches a task; in the same turn, so
  // that no request is answered before.
  for (const task of ecs.tasks.values()) recoverTask(ecs, task);
  return { url: server.url, stopAll: () => stopAll(ecs), close: () => close(ecs, server, closing) };
}

function operation(ecs: Ecs, answer: (ecs: Ecs, input: Record<string, unknown>) => unknown): Operation {
  return (input) => {
    forgetOldTasks(ecs);
    return answer(ecs, input);
  };
}

function forgetOldTasks(ecs: Ecs): void {
  for (const [id, { record }] of ecs.tasks) {
    if (record.stoppedAt === undefined || record.leftFolder || record.undelivered.length > 0) continue;
    if (ecs.now() - record.stoppedAt < ecs.stoppedVisibleMs) continue;
    ecs.tasks.delete(id);
    deleteRecord(ecs.stateDir, id);
  }
}

async function stopAll(ecs: Ecs): Promise<void> {
  if (ecs.closed.aborted) throw new Error("The endpoint is closed: its tasks belong to the next one on its folder.");
  ecs.admitting = false;
  const live = [...ecs.tasks.values()].filter(isLive);
  for (const task of live) {
    killTask(ecs, task, { stopCode: "UserInitiated", stoppedReason: "The local cluster was stopped" });
  }
  await Promise.all(live.map((task) => task.ended.promise));
}

async function close(ecs: Ecs, server: Endpoint, closing: AbortController): Promise<void> {
  await server.close();
  // A container that starts is either recorded or nobody's, so wait for those.
  while (ecs.busy.size > 0) await Promise.all(ecs.busy);
  closing.abort();
  for (const task of ecs.tasks.values()) clearTimeout(task.killTimer);
}
