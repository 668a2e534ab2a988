// How does a task come to life? All its containers start together, and it runs once the last of them does.
import type { ContainerProcess } from "../containers.ts";
import { changeTask } from "./change.ts";
import { type Ecs, folderOf } from "./context.ts";
import { saveTask } from "./records.ts";
import { enforceStop, stopTask } from "./stop.ts";
import { type ContainerState, type LiveTask, withContainer } from "./task.ts";
import { watchContainers } from "./watch.ts";

export async function launchTask(ecs: Ecs, task: LiveTask): Promise<void> {
  changeTask(ecs, task, { lastStatus: "PENDING", pullStartedAt: ecs.now() });
  const failures = await Promise.all(task.record.containers.map((container) => startContainer(ecs, task, container)));
  const failure = failures.find((reason) => reason !== undefined);
  if (failure !== undefined) stopTask(ecs, task, { stopCode: "TaskFailedToStart", stoppedReason: failure });
  if (task.record.desiredStatus === "RUNNING") {
    changeTask(ecs, task, { lastStatus: "RUNNING", pullStoppedAt: ecs.now(), startedAt: ecs.now() });
  }
  // Only now, so that a container that exits at once still belongs to a task that has been RUNNING.
  watchContainers(ecs, task);
}

/** Starts one container; answers why it could not. */
async function startContainer(ecs: Ecs, task: LiveTask, { spec }: ContainerState): Promise<string | undefined> {
  let process: ContainerProcess;
  try {
    process = await ecs.runtime.start(spec, folderOf(ecs, task));
  } catch (error) {
    const reason = `CannotStartContainerError: ${error instanceof Error ? error.message : String(error)}`;
    noteContainer(ecs, task, spec.name, { lastStatus: "STOPPED", reason });
    return reason;
  }
  task.processes.set(spec.name, process);
  // Before anything else: after a crash only what is on disk can be adopted. For a container that started without
  // being written down, the task has failed to start, and `remove` ends whatever runs in its folder.
  noteContainer(ecs, task, spec.name, { lastStatus: "RUNNING", process: process.record });
  // The stop came while this one was starting, so its signal went past it.
  if (task.record.desiredStatus === "STOPPED") enforceStop(ecs, task, [process]);
  return undefined;
}

function noteContainer(ecs: Ecs, task: LiveTask, name: string, patch: Partial<ContainerState>): void {
  task.record = { ...task.record, containers: withContainer(task.record, name, patch) };
  saveTask(ecs, task);
}
