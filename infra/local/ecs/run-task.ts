// What happens when a task is asked for?
import { randomBytes } from "node:crypto";
import { AwsError } from "../aws-json.ts";
import { arnOf } from "./arns.ts";
import { findEarlierLaunch, hashRequest } from "./client-tokens.ts";
import { checkCluster, type Ecs, isLive, runAside } from "./context.ts";
import { deliverEvents } from "./deliver.ts";
import { launchTask } from "./launch.ts";
import { deleteRecord, writeRecord } from "./records.ts";
import { applyOverrides, parseRunTask, type RunTaskRequest } from "./run-task-request.ts";
import { describeChange } from "./state-change.ts";
import { holdTask, type LocalTaskDefinition, type TaskRecord } from "./task.ts";
import { viewTask } from "./view.ts";

export function runTask(ecs: Ecs, input: Record<string, unknown>) {
  if (!ecs.runTaskCalls.take(1)) throw throttled();
  const request = parseRunTask(input);
  checkCluster(ecs, request.cluster);
  const definition = findDefinition(ecs, request.taskDefinition);
  const containers = applyOverrides(definition, request);
  const requestHash = hashRequest(input);
  const earlier = request.clientToken && findEarlierLaunch(ecs, request.clientToken, requestHash);
  if (earlier) return answerAgain(ecs, earlier);
  if (!ecs.launches.take(request.count)) throw throttled();

  const live = [...ecs.tasks.values()].filter(isLive).length;
  const room = ecs.admitting ? Math.max(0, ecs.maxTasks - live) : 0;
  const taskIds = Array.from({ length: Math.min(request.count, room) }, () => randomBytes(16).toString("hex"));
  const records = taskIds.map((id) => {
    const { clientToken } = request;
    const launch = clientToken ? { clientToken, requestHash, taskIds } : undefined;
    const states = containers.map((spec) => ({ spec, lastStatus: "PENDING" as const }));
    return { ...createRecord(ecs, id, definition, request), launch, containers: states };
  });
  const started = records.map((record) => withFirstEvent(ecs, record));
  writeAll(ecs, started);
  for (const record of started) {
    const task = holdTask(record);
    ecs.tasks.set(record.id, task);
    deliverEvents(ecs, task);
    runAside(ecs, task, () => launchTask(ecs, task));
  }
  return {
    tasks: started.map((record) => viewTask(ecs, record, true)),
    failures: Array.from({ length: request.count - started.length }, () => ({ reason: whyNoRoom(ecs) })),
  };
}

function createRecord(ecs: Ecs, id: string, definition: LocalTaskDefinition, request: RunTaskRequest) {
  const { overrides } = request;
  return {
    id,
    family: definition.family,
    revision: definition.revision,
    cpu: overrides?.cpu ?? definition.cpu,
    memory: overrides?.memory ?? definition.memory,
    stopTimeoutMs: definition.stopTimeoutMs,
    group: request.group ?? `family:${definition.family}`,
    startedBy: request.startedBy,
    capacityProvider: request.capacityProviderStrategy?.[0]?.capacityProvider,
    overrides: overrides ?? {},
    tags: request.tags,
    lastStatus: "PROVISIONING",
    desiredStatus: "RUNNING",
    version: 1,
    createdAt: ecs.now(),
  } as const;
}

function withFirstEvent(ecs: Ecs, record: Omit<TaskRecord, "undelivered">): TaskRecord {
  return { ...record, undelivered: [describeChange(ecs.cluster, record, ecs.now())] };
}

/** All tasks of one call are on disk before any of them starts; if one cannot be written, there is none. */
function writeAll(ecs: Ecs, records: TaskRecord[]): void {
  try {
    for (const record of records) writeRecord(ecs.stateDir, record);
  } catch (error) {
    for (const record of records) deleteRecord(ecs.stateDir, record.id);
    throw error;
  }
}

/** The tasks of the first call as they are now. One that a crash kept from being written is a failure, not a silence. */
function answerAgain(ecs: Ecs, earlier: TaskRecord[]) {
  const lost = earlier[0]?.launch?.taskIds.filter((id) => !earlier.some((record) => record.id === id)) ?? [];
  return {
    tasks: earlier.map((record) => viewTask(ecs, record, true)),
    failures: lost.map((id) => ({ arn: arnOf(ecs.cluster, "task", id), reason: "MISSING" })),
  };
}

function findDefinition(ecs: Ecs, reference: string): LocalTaskDefinition {
  const [family, revision] = (reference.split("/").at(-1) ?? "").split(":");
  const [latest] = ecs.definitions
    .filter((one) => one.family === family && (!revision || one.revision === Number(revision)))
    .sort((a, b) => b.revision - a.revision);
  if (!latest) throw new AwsError("ClientException", "TaskDefinition not found.");
  return latest;
}

function whyNoRoom(ecs: Ecs): string {
  if (!ecs.admitting) return "This endpoint has ended every task and starts no other.";
  return "Capacity is unavailable at this time. Please try again later or in a different availability zone";
}

function throttled(): AwsError {
  return new AwsError("ThrottlingException", "Rate exceeded");
}
