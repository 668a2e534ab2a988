// Stops everything in a scope: one write closes admission and fences every task in it; then their sandboxes are stopped.
import type { Cloud } from "../core/cloud.ts";
import { hasCode } from "../core/errors.ts";
import { parseAgentId, type TaskId } from "../core/ids.ts";
import type { Operation } from "../core/operations.ts";
import { applyAct, causeOfStop, formatScope, parseScope, type Scope } from "../core/switches.ts";
import { isFinal, type Task } from "../core/task.ts";
import { killTask } from "./kill-task.ts";
import { recordAct } from "./record-act.ts";
import { isSound } from "./sound-tasks.ts";
import { type Alongside, chainOf, readSwitch } from "./turn-switch.ts";

const pageSize = 50;
const holdersAtOnce = 100;
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
    const workspaces = await workspacesOf(cloud, scope);
    const { active: total, killed: killedBefore } = await countIn(cloud, workspaces);
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
      // Not of a backend: it has tasks of workspaces that go on elsewhere.
      ...(scope.kind === "backend" ? {} : { killedBefore }),
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

/** What runs first; then page after page, saved after each, so that anybody can go on from there. */
export async function continueOperation(cloud: Cloud, from: Operation, deadline: number): Promise<Operation> {
  let operation = await stopHolders(cloud, from, deadline);
  while (operation.workspaces.length > 0 && cloud.clock.now() < deadline) {
    const [workspace = "", ...others] = operation.workspaces;
    const page = await cloud.table.listTasks(workspace, { before: operation.after, limit: pageSize, phase: "active" });
    const done = await killSome(cloud, operation, page.tasks, deadline);
    operation = done.operation;
    if (done.last) operation = { ...operation, after: done.last };
    else if (page.next) operation = { ...operation, after: page.next };
    else operation = { ...operation, after: undefined, workspaces: others };
    await cloud.table.putOperation(operation);
  }
  if (operation.workspaces.length > 0) return operation;
  const killed = await countKilled(cloud, operation);
  // A scope smaller than its workspaces counted others too at the start; now the truth is known.
  const finished = { ...operation, killed, total: killed + operation.failed, finishedAt: cloud.clock.now() };
  await cloud.table.putOperation(finished);
  return finished;
}

const workspacesOf = async (cloud: Cloud, scope: Scope): Promise<string[]> =>
  scope.kind === "workspace" ? [scope.name] : cloud.table.listWorkspaces();

async function countIn(cloud: Cloud, workspaces: readonly string[]): Promise<{ active: number; killed: number }> {
  const counts = await Promise.all(workspaces.map((workspace) => cloud.table.countTasks(workspace)));
  const sum = (name: "active" | "killed") => counts.reduce((total, one) => total + one[name], 0);
  return { active: sum("active"), killed: sum("killed") };
}

/** Those too that the dispatcher or the reaper has met before their page was read: they ended by this stop all the same. */
async function countKilled(cloud: Cloud, { scope, killed, killedBefore }: Operation): Promise<number> {
  if (killedBefore === undefined) return killed;
  const counted = await countIn(cloud, await workspacesOf(cloud, parseScope(scope)));
  return Math.max(killed, counted.killed - killedBefore);
}

/** A long queue must not keep what is at work alive. Whoever is not killed here is met again in its page. */
async function stopHolders(cloud: Cloud, operation: Operation, deadline: number): Promise<Operation> {
  const held = await cloud.table.heldSlots("global");
  const taskIds = held
    .filter(({ workspace }) => operation.workspaces.includes(workspace))
    .flatMap(({ holder }) => parseAgentId(holder)?.taskId ?? []);
  let killed = operation.killed;
  for (let i = 0; i < taskIds.length && cloud.clock.now() < deadline; i += holdersAtOnce) {
    const tasks = await cloud.table.getTasks(taskIds.slice(i, i + holdersAtOnce));
    killed = (await killSome(cloud, { ...operation, killed }, tasks, deadline)).operation.killed;
  }
  if (killed === operation.killed) return operation;
  const next = { ...operation, killed };
  await cloud.table.putOperation(next);
  return next;
}

/** A few at a time until the deadline; `last` is where it stopped, when it has not come to the end. */
async function killSome(
  cloud: Cloud,
  from: Operation,
  tasks: readonly Task[],
  deadline: number,
): Promise<{ operation: Operation; last?: TaskId }> {
  let operation = from;
  for (let i = 0; i < tasks.length; i += abreast) {
    const last = tasks[i - 1]?.taskId;
    if (last && cloud.clock.now() >= deadline) return { operation, last };
    const covered = tasks.slice(i, i + abreast).filter((task) => isCovered(task, operation));
    operation = count(operation, await Promise.all(covered.map((task) => killOne(cloud, task, from))));
  }
  return { operation };
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
