// Which tasks are there, and how are they?
import { z } from "zod";
import { arnOf } from "./arns.ts";
import { checkCluster, type Ecs, findTask, isCluster, isLive } from "./context.ts";
import { invalidParameter, parseInput } from "./parse.ts";
import type { TaskRecord } from "./task.ts";
import { viewTask } from "./view.ts";

const describeRequest = z.strictObject({
  cluster: z.string().optional(),
  tasks: z.array(z.string()).min(1, "Tasks cannot be empty.").max(100, "Tasks cannot have more than 100 elements."),
  include: z.array(z.literal("TAGS")).default([]),
});

export function describeTasks(ecs: Ecs, input: Record<string, unknown>) {
  const { cluster, tasks, include } = parseInput(describeRequest, input);
  checkCluster(ecs, cluster);
  const answer = tasks.map((reference) => ({ reference, task: findTask(ecs, reference) }));
  return {
    tasks: answer.flatMap(({ task }) => (task ? [viewTask(ecs, task.record, include.includes("TAGS"))] : [])),
    failures: answer.flatMap(({ reference, task }) => {
      if (task) return [];
      const arn = reference.startsWith("arn:") ? reference : arnOf(ecs.cluster, "task", reference);
      return [{ arn, reason: "MISSING" }];
    }),
  };
}

const pageSize = "maxResults must be between 1 and 100.";

const listRequest = z.strictObject({
  cluster: z.string().optional(),
  family: z.string().optional(),
  launchType: z.literal("FARGATE").optional(),
  desiredStatus: z.enum(["RUNNING", "PENDING", "STOPPED"]).optional(),
  startedBy: z.string().optional(),
  maxResults: z.int().min(1, pageSize).max(100, pageSize).default(100),
  nextToken: z.string().optional(),
});

export function listTasks(ecs: Ecs, input: Record<string, unknown>) {
  const { cluster, family, launchType, desiredStatus, startedBy, ...page } = parseInput(listRequest, input);
  checkCluster(ecs, cluster);
  // AWS's page says "the only filter"; beside desiredStatus it is known to work (Airflow's reattach relies on it).
  if (startedBy && (family || launchType)) {
    throw invalidParameter("cannot specify startedBy with other arguments");
  }
  const after = page.nextToken === undefined ? "" : parseCursor(page.nextToken);
  const rest = [...ecs.tasks.values()]
    .map((task) => task.record)
    .filter((record) => record.desiredStatus === (desiredStatus ?? "RUNNING"))
    .filter((record) => !family || record.family === family)
    .filter((record) => !startedBy || record.startedBy === startedBy)
    .filter((record) => cursorOf(record) > after)
    .sort((a, b) => (cursorOf(a) < cursorOf(b) ? -1 : 1));
  const shown = rest.slice(0, page.maxResults);
  const last = shown.at(-1);
  return {
    taskArns: shown.map((record) => arnOf(ecs.cluster, "task", record.id)),
    ...(last && rest.length > shown.length ? { nextToken: Buffer.from(cursorOf(last)).toString("base64url") } : {}),
  };
}

/** A place in the order, not a count: tasks that come or go between two pages shift nothing. */
function cursorOf(record: TaskRecord): string {
  return `${String(record.createdAt).padStart(15, "0")}/${record.id}`;
}

function parseCursor(token: string): string {
  const cursor = Buffer.from(token, "base64url").toString();
  if (!/^\d{15}\/[0-9a-f]{32}$/.test(cursor)) throw invalidParameter("Invalid token.");
  return cursor;
}

const clustersRequest = z.strictObject({
  clusters: z.array(z.string()).max(100).default(["default"]),
  include: z.array(z.string()).optional(),
});

/** Enough for a readiness probe: is the cluster there, and how many tasks has it? */
export function describeClusters(ecs: Ecs, input: Record<string, unknown>) {
  const { clusters } = parseInput(clustersRequest, input);
  const running = [...ecs.tasks.values()].filter((task) => task.record.lastStatus === "RUNNING").length;
  const view = {
    clusterArn: arnOf(ecs.cluster, "cluster"),
    clusterName: ecs.cluster,
    status: "ACTIVE",
    runningTasksCount: running,
    pendingTasksCount: [...ecs.tasks.values()].filter(isLive).length - running,
    activeServicesCount: 0,
    registeredContainerInstancesCount: 0,
  };
  const missing = clusters.filter((name) => !isCluster(ecs, name));
  return {
    clusters: missing.length < clusters.length ? [view] : [],
    failures: missing.map((name) => ({
      arn: name.startsWith("arn:") ? name : arnOf(name, "cluster"),
      reason: "MISSING",
    })),
  };
}
