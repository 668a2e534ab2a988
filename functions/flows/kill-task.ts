// Stops one task now: fences it in the table first, then stops its sandbox.
import type { Cloud } from "../core/cloud.ts";
import { DroverError, hasCode } from "../core/errors.ts";
import { agentIdOf, type TaskId } from "../core/ids.ts";
import { isFenced } from "../core/switches.ts";
import type { KillCause, Task } from "../core/task.ts";
import { announceEnd } from "./announce.ts";
import { changeTask, type Sent } from "./change-task.ts";
import { wakeAfter } from "./wake.ts";

/** A third of its function's time, so that enough is left to stop the sandbox. */
const longestDoubtMs = 10_000;
/** A stop of many comes to each again, and has others to kill. */
const longestDoubtOfManyMs = 2_000;
const doubtPauseMs = 200;
/** Who fails sooner has answered, or keeps nobody waiting: ECS refuses stops that are too many at once. */
const silentMs = 5_000;
/** Longer than a backend is waited for. A table that said nothing since the kill takes as long again for each thing it is asked. */
const tellsForMs = 12_000;

export interface Kill {
  task: Task;
  /** `requested`: ECS was asked. `pending`: it could not be asked now; the reaper asks until it is confirmed. */
  stop: "not_needed" | "requested" | "pending";
}

/**
 * Throws `task_not_found`, or `task_ended` when there is nothing left to kill. `silent` takes up the backends that do not
 * answer: whoever kills many waits for each of them once.
 */
export async function killTask(
  cloud: Cloud,
  taskId: TaskId,
  by: string,
  reason: string,
  cause: KillCause = "kill",
  silent: Set<string> = new Set(),
): Promise<Kill> {
  const change = await changeUntilItTakes(cloud, taskId, by, reason, cause);
  if (change.kind !== "changed") {
    throw new DroverError(
      "task_ended",
      `${taskId} has already ended: it is ${change.task.status}. Nothing was changed.`,
      {
        details: { taskStatus: change.task.status, currentVersion: change.task.version },
      },
    );
  }
  const { before, task } = change;
  const tellsUntil = cloud.clock.now() + tellsForMs;
  const stop = task.stopConfirmation
    ? "not_needed"
    : await stopSandbox(cloud, before, `killed by ${by}: ${reason}`, silent);
  // Whom nobody tells now, the reaper tells. Whoever has asked for the kill must hear that it took effect.
  if (cloud.clock.now() < tellsUntil) await announceEnd(cloud, task);
  if (stop === "not_needed" || cloud.clock.now() >= tellsUntil) return { task, stop };
  await wakeAfter(cloud, task);
  return { task, stop };
}

/** A task that was admitted under a stop's old generation can never run again: it ends as the stop says. */
export async function killFenced(cloud: Cloud, task: Task): Promise<void> {
  const switches = await cloud.table.getSwitches(task);
  if (!isFenced(task, switches)) return;
  const { global, workspace, backend } = switches;
  const { admitted } = task;
  const [stop, cause] =
    global.generation !== admitted.global
      ? ([global, "emergency_stop"] as const)
      : workspace.generation !== admitted.workspace
        ? ([workspace, "kill_all"] as const)
        : ([backend, "backend_revoked"] as const);
  try {
    const [by, why] = [stop.stoppedBy ?? "system:reaper", stop.stopReason ?? "a stop covers it"];
    await killTask(cloud, task.taskId, by, why, cause);
  } catch (error) {
    if (!hasCode(error, "task_ended")) throw error; // It ended by itself.
  }
}

/**
 * A kill gives way to nobody who changes the task as well. While the table is busy, or fails, it tries again for
 * some time: it may have been written, and nobody but the reaper would stop that sandbox.
 */
async function changeUntilItTakes(cloud: Cloud, taskId: TaskId, by: string, reason: string, cause: KillCause) {
  const { clock } = cloud;
  const patienceMs = cause === "kill" ? longestDoubtMs : longestDoubtOfManyMs;
  const doubtUntil = clock.now() + patienceMs;
  const sent: Sent[] = [];
  for (let leaveSlots = false; ; ) {
    try {
      return await changeTask(cloud, taskId, by, () => ({ event: { type: "killed", reason, by, cause } }), {
        ...{ leaveSlots, sent, patienceMs },
        quiet: true,
      });
    } catch (error) {
      if (hasCode(error, "concurrent_update")) continue;
      leaveSlots = hasCode(error, "busy");
      if ((!leaveSlots && sent.length === 0) || clock.now() >= doubtUntil) throw error;
      await clock.sleep(doubtPauseMs);
    }
  }
}

/**
 * The ARN is read after the commit. If it is not there, either nothing was launched, or the launch's own record is
 * refused from now on and the dispatcher stops what it started; what ECS already lists is stopped here too.
 */
async function stopSandbox(cloud: Cloud, before: Task, reason: string, silent: Set<string>): Promise<Kill["stop"]> {
  if (silent.has(before.backend)) return "pending";
  const agentId = agentIdOf(before.taskId, before.attempt);
  const askedAt = cloud.clock.now();
  try {
    const attempt = await cloud.table.getAttempt(agentId);
    const sandboxes = cloud.sandboxes(before.backend);
    const arns = attempt?.sandboxArn
      ? [attempt.sandboxArn]
      : (await sandboxes.findByAgent(agentId)).filter((s) => !s.stopped).map((s) => s.sandboxArn);
    for (const arn of arns) await sandboxes.stop(arn, reason);
    return arns.length > 0 ? "requested" : "pending";
  } catch (error) {
    const isSilent = hasCode(error, "backend_unavailable") && cloud.clock.now() - askedAt >= silentMs;
    if (isSilent) silent.add(before.backend);
    // The task is killed: no effect of it is accepted any more. The reaper stops the process until that is confirmed.
    console.warn(`the sandbox of ${agentId} could not be stopped yet`, error);
    return "pending";
  }
}
