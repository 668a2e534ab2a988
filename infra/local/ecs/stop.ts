// How are the containers of a task ended?
import { folderIsLeft } from "../../../functions/core/sandbox-end.ts";
import type { ContainerProcess, ContainerSpec } from "../containers.ts";
import { pause } from "../pause.ts";
import { changeTask, decideStop, type StopCause } from "./change.ts";
import { type Ecs, folderOf, runAside } from "./context.ts";
import { saveTask } from "./records.ts";
import type { LiveTask, TaskRecord } from "./task.ts";

/** Marks a task as stopping and signals what lives of it. The second stop changes nothing. */
export function stopTask(ecs: Ecs, task: LiveTask, cause: StopCause): void {
  if (task.record.desiredStatus === "STOPPED") return;
  changeTask(ecs, task, decideStop(task.record, cause, ecs.now()));
  enforceStop(ecs, task, task.processes.values());
}

/** Ends a task without any grace, also one that is stopping already. */
export function killTask(ecs: Ecs, task: LiveTask, cause: StopCause): void {
  task.record = { ...task.record, stopTimeoutMs: 0 };
  saveTask(ecs, task);
  stopTask(ecs, task, cause);
  enforceStop(ecs, task, task.processes.values());
}

/**
 * Gives these containers of a stopping task their signal: a user's stop asks first and kills after the stop timeout;
 * any other cause kills at once, and so does a container's own timeout of 0. The deadline counts from the recorded stop, so containers that started late and
 * those found again after a restart get what is left of it.
 */
export function enforceStop(ecs: Ecs, task: LiveTask, processes: Iterable<ContainerProcess>): void {
  const { stopCode, stoppingAt = 0, stopTimeoutMs } = task.record;
  const graceMs = stopCode === "UserInitiated" ? Math.min(stopTimeoutMs, stoppingAt + stopTimeoutMs - ecs.now()) : 0;
  for (const process of processes) {
    const isAsked = graceMs > 0 && specOf(task, process)?.stopTimeoutMs !== 0;
    signal(task, process, isAsked ? "SIGTERM" : "SIGKILL");
  }
  clearTimeout(task.killTimer);
  if (graceMs <= 0) return;
  task.killTimer = setTimeout(() => {
    for (const process of task.processes.values()) signal(task, process, "SIGKILL");
  }, graceMs);
}

function specOf(task: LiveTask, process: ContainerProcess): ContainerSpec | undefined {
  const [name] = [...task.processes].find(([, one]) => one === process) ?? [];
  return task.record.containers.find(({ spec }) => spec.name === name)?.spec;
}

function signal(task: LiveTask, process: ContainerProcess, name: "SIGTERM" | "SIGKILL"): void {
  try {
    process.signal(name);
  } catch (error) {
    // The other containers must get theirs; this one keeps the task from becoming STOPPED, which is the truth.
    console.error(`local ECS: ${name} did not reach process ${process.record.pid} of task ${task.record.id}`, error);
  }
}

const firstPauseMs = 50;
const longestPauseMs = 60_000;
/** A folder that is busy for a moment is free after such a pause. Then the task is STOPPED all the same: nothing of it runs. */
const patientPauseMs = 1_000;

/** Every container has exited: removes the disk, then the task is STOPPED. */
export function finishTask(ecs: Ecs, task: LiveTask): void {
  clearTimeout(task.killTimer);
  if (task.record.lastStatus !== "DEPROVISIONING") {
    changeTask(ecs, task, { lastStatus: "DEPROVISIONING", executionStoppedAt: ecs.now() });
  }
  removeFolder(ecs, task, firstPauseMs);
}

/** Tries until it is gone, also for a task that has stopped long ago. */
export function removeFolder(ecs: Ecs, task: LiveTask, pauseMs = longestPauseMs): void {
  runAside(ecs, task, async () => {
    try {
      await ecs.runtime.remove(folderOf(ecs, task));
    } catch (error) {
      const { root } = folderOf(ecs, task);
      console.error(`local ECS: the folder of task ${task.record.id} cannot be removed; see what holds ${root}`, error);
      if (pauseMs > patientPauseMs && !task.record.leftFolder) endTask(ecs, task, { leftFolder: true });
      void pause(pauseMs, ecs.closed).then(() => {
        if (!ecs.closed.aborted) removeFolder(ecs, task, Math.min(pauseMs * 2, longestPauseMs));
      });
      return;
    }
    if (!task.record.leftFolder) return endTask(ecs, task, {});
    const { leftFolder: _, ...record } = task.record;
    task.record = record;
    saveTask(ecs, task);
  });
}

function endTask(ecs: Ecs, task: LiveTask, { leftFolder }: Pick<TaskRecord, "leftFolder">): void {
  const { stoppedReason = "" } = task.record;
  const left = leftFolder ? { leftFolder, stoppedReason: `${stoppedReason}; ${folderIsLeft}` } : {};
  changeTask(ecs, task, { lastStatus: "STOPPED", stoppedAt: ecs.now(), ...left });
  task.ended.resolve();
}
