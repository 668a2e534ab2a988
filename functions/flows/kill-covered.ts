// Of a page of tasks, which does a stop cover, and what became of killing them?
import type { Cloud } from "../core/cloud.ts";
import { hasCode } from "../core/errors.ts";
import type { TaskId } from "../core/ids.ts";
import type { Operation } from "../core/operations.ts";
import { causeOfStop, parseScope } from "../core/switches.ts";
import { isFinal, type Task } from "../core/task.ts";
import { killTask } from "./kill-task.ts";
import { isSound } from "./sound-tasks.ts";

/** Kills at once: each is a few requests, and StopTask is limited to 40 a second. */
const abreast = 10;
const keptErrors = 20;

/** One go at a stop, or at all that are open. */
export interface Run {
  /** Epoch milliseconds. */
  deadline: number;
  /** Backends that have not answered in it. Their sandboxes are stopped by the cleanup; nobody else's wait for that. */
  silent: Set<string>;
}

/** A few at a time until the deadline; `last` is where it stopped, when it has not come to the end. */
export async function killCovered(
  cloud: Cloud,
  from: Operation,
  tasks: readonly Task[],
  { deadline, silent }: Run,
): Promise<{ operation: Operation; last?: TaskId }> {
  let operation = from;
  for (let i = 0; i < tasks.length; i += abreast) {
    const last = tasks[i - 1]?.taskId;
    if (last && cloud.clock.now() >= deadline) return { operation, last };
    const covered = tasks.slice(i, i + abreast).filter((task) => isCovered(task, operation));
    operation = count(operation, await Promise.all(covered.map((task) => killOne(cloud, task, from, silent))));
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

async function killOne(
  cloud: Cloud,
  task: Task,
  { by, reason, scope }: Operation,
  silent: Set<string>,
): Promise<Killed> {
  const cause = causeOfStop[parseScope(scope).kind];
  try {
    await killTask(cloud, task.taskId, by, reason, cause, silent);
    return { kind: "killed" };
  } catch (error) {
    if (hasCode(error, "task_ended")) {
      // The dispatcher or the reaper may have met it first: it ended by this stop all the same.
      const ended = await cloud.table.getTask(task.taskId);
      return { kind: ended?.killed?.cause === cause ? "killed" : "ended" };
    }
    // It is fenced all the same, and met again in the next pass.
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
