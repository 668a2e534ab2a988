// What became of the tasks while no endpoint ran?
import { changeTask, decideStop, type StopCause } from "./change.ts";
import type { Ecs } from "./context.ts";
import { deliverEvents } from "./deliver.ts";
import { enforceStop, finishTask, removeFolder } from "./stop.ts";
import type { ContainerState, LiveTask, TaskRecord } from "./task.ts";
import { watchContainers } from "./watch.ts";

/** Takes one task over from the endpoint before: goes on with it, or says honestly how it ended. */
export function recoverTask(ecs: Ecs, task: LiveTask): void {
  deliverEvents(ecs, task);
  if (task.record.leftFolder) removeFolder(ecs, task);
  if (task.record.lastStatus === "STOPPED") task.ended.resolve();
  else if (task.record.lastStatus === "DEPROVISIONING") finishTask(ecs, task);
  else recoverContainers(ecs, task);
}

function recoverContainers(ecs: Ecs, task: LiveTask): void {
  const containers = task.record.containers.map((container) => adoptContainer(ecs, task, container));
  const found = { ...task.record, containers };
  const cause = decideCause(found);
  const stop = cause ? decideStop(found, cause, ecs.now()) : {};
  if (cause || containers.some((container, index) => container !== task.record.containers[index])) {
    changeTask(ecs, task, { containers, ...stop });
  }
  // Asks again where a stop was under way: the endpoint before may have died before it could.
  if (task.record.desiredStatus === "STOPPED") enforceStop(ecs, task, task.processes.values());
  watchContainers(ecs, task);
}

function adoptContainer(ecs: Ecs, task: LiveTask, container: ContainerState): ContainerState {
  if (container.lastStatus === "STOPPED") return container;
  const process = container.process && ecs.runtime.adopt(container.process, container.spec);
  if (!process) return { ...container, lastStatus: "STOPPED", reason: `Container ${whyGone(container)}` };
  task.processes.set(container.spec.name, process);
  return container;
}

function whyGone(container: ContainerState): string {
  return container.process
    ? "was gone when the endpoint came back; its exit code is unknown"
    : "is not known to have started";
}

/** Why a task that should run cannot go on, if so. */
function decideCause(record: TaskRecord): StopCause | undefined {
  if (record.desiredStatus === "STOPPED") return undefined;
  if (record.startedAt === undefined) {
    return {
      stopCode: "TaskFailedToStart",
      stoppedReason: "InternalError: The endpoint stopped while the task was starting",
    };
  }
  const isAlive = (container: ContainerState) => container.lastStatus !== "STOPPED";
  const gone = record.containers.find((container) => container.spec.essential && !isAlive(container));
  if (!gone && record.containers.some(isAlive)) return undefined;
  const name = gone?.spec.name ?? "of this task";
  return {
    stopCode: "EssentialContainerExited",
    stoppedReason: `Container ${name} was gone when the endpoint came back`,
  };
}
