// Stops everything in a scope: one write closes admission and fences every task in it; then their sandboxes are stopped.
import type { Cloud } from "../core/cloud.ts";
import { hasCode } from "../core/errors.ts";
import type { Operation } from "../core/operations.ts";
import { applyAct, causeOfStop, formatScope, parseScope, type Scope } from "../core/switches.ts";
import { isFinal, type Task } from "../core/task.ts";
import { killTask } from "./kill-task.ts";
import { recordAct } from "./record-act.ts";
import { isSound } from "./sound-tasks.ts";
import { type Alongside, chainOf, readSwitch } from "./turn-switch.ts";

const pageSize = 50;
/** Kills at once: each is a few requests, and StopTask is limited to 40 a second. */
const abreast = 10;
const keptErrors = 20;

/**
 * From the write on, nothing that a task of the scope does is accepted. The kills that follow go on until `deadline`
 * (epoch milliseconds); the reaper finishes what is left.
 */
export async function stopScope(
  cloud: Cloud,
  scope: Scope,
  by: string,
  reason: string,
  deadline: number,
  also: Alongside = async () => [],
): Promise<Operation> {
  const operationId = cloud.ids.operation();
  let operation: Operation | undefined;
  await recordAct(cloud, chainOf(scope), by, async () => {
    const change = applyAct(await readSwitch(cloud, scope), "stop", by, reason, cloud.clock.now());
    if (change.kind === "unchanged") return undefined;
    const workspaces = scope.kind === "workspace" ? [scope.name] : await cloud.table.listWorkspaces();
    const counts = await Promise.all(workspaces.map((workspace) => cloud.table.countTasks(workspace)));
    const total = counts.reduce((sum, { active }) => sum + active, 0);
    const { generation } = change.next;
    operation = {
      operationId,
      scope: formatScope(scope),
      generation,
      by,
      reason,
      startedAt: cloud.clock.now(),
      total,
      killed: 0,
      failed: 0,
      workspaces,
      errors: [],
    };
    const data = { scope: formatScope(scope), reason, generation, operationId, total };
    return {
      type: "switch_stop",
      data,
      writes: [{ kind: "switch", next: change.next }, { kind: "operation", operation }, ...(await also())],
    };
  });
  if (!operation) throw new Error(`the stop of ${formatScope(scope)} was not written`);
  return continueOperation(cloud, operation, deadline);
}

/** Page after page, saved after each, so that anybody can go on from there. */
export async function continueOperation(cloud: Cloud, from: Operation, deadline: number): Promise<Operation> {
  let operation = from;
  while (operation.workspaces.length > 0 && cloud.clock.now() < deadline) {
    const [workspace = "", ...others] = operation.workspaces;
    const page = await cloud.table.listTasks(workspace, { before: operation.after, limit: pageSize, phase: "active" });
    const covered = page.tasks.filter((task) => isCovered(task, operation));
    for (let i = 0; i < covered.length; i += abreast) {
      const results = await Promise.all(covered.slice(i, i + abreast).map((task) => killOne(cloud, task, operation)));
      operation = count(operation, results);
    }
    operation = page.next ? { ...operation, after: page.next } : { ...operation, after: undefined, workspaces: others };
    await cloud.table.putOperation(operation);
  }
  if (operation.workspaces.length > 0) return operation;
  // A scope smaller than its workspaces counted others too at the start; now the truth is known.
  const finished = { ...operation, total: operation.killed + operation.failed, finishedAt: cloud.clock.now() };
  await cloud.table.putOperation(finished);
  return finished;
}

function isCovered(task: Task, { scope, generation }: Operation): boolean {
  const parsed = parseScope(scope);
  if (isFinal(task.status)) return false;
  if (parsed.kind === "backend" && task.backend !== parsed.name) return false;
  // One that does not say what it was admitted under may have been admitted before the stop.
  return !isSound(task) || task.admitted[parsed.kind] < generation;
}

type Killed = { kind: "killed" | "ended" } | { kind: "failed"; taskId: Task["taskId"]; message: string };

async function killOne(cloud: Cloud, task: Task, { by, reason, scope }: Operation): Promise<Killed> {
  const cause = causeOfStop[parseScope(scope).kind];
  try {
    await killTask(cloud, task.taskId, by, reason, cause);
    return { kind: "killed" };
  } catch (error) {
    if (hasCode(error, "task_ended")) {
      // The dispatcher or the reaper may have met it first: it ended by this stop all the same.
      const ended = await cloud.table.getTask(task.taskId);
      return { kind: ended?.killed?.cause === cause ? "killed" : "ended" };
    }
    // It is fenced all the same; the dispatcher and the reaper end fenced tasks that they meet.
    console.error(`${task.taskId} could not be killed`, error);
    return { kind: "failed", taskId: task.taskId, message: error instanceof Error ? error.message : String(error) };
  }
}

function count(operation: Operation, results: Killed[]): Operation {
  const failures = results.flatMap((result) =>
    result.kind === "failed" ? [{ taskId: result.taskId, message: result.message }] : [],
  );
  return {
    ...operation,
    killed: operation.killed + results.filter(({ kind }) => kind === "killed").length,
    failed: operation.failed + failures.length,
    errors: [...operation.errors, ...failures].slice(-keptErrors),
  };
}
