// What follows when a container exits?
import { changeTask, decideStop } from "./change.ts";
import type { Ecs } from "./context.ts";
import { enforceStop, finishTask } from "./stop.ts";
import { type LiveTask, withContainer } from "./task.ts";

/** Follows every container that lives; a task of which nothing lives is finished. */
export function watchContainers(ecs: Ecs, task: LiveTask): void {
  if (task.processes.size === 0) finishTask(ecs, task);
  for (const [name, { exited }] of task.processes) {
    exited.then(
      ({ exitCode, reason }) => {
        const why = reason ?? (exitCode === undefined ? unknownExit : undefined);
        noteExit(ecs, task, name, { ...(exitCode !== undefined && { exitCode }), ...(why && { reason: why }) });
      },
      (error) => noteExit(ecs, task, name, { reason: String(error) }),
    );
  }
}

const unknownExit = "Exit code unknown: the container outlived the endpoint that started it";

function noteExit(ecs: Ecs, task: LiveTask, name: string, end: { exitCode?: number; reason?: string }): void {
  if (ecs.closed.aborted) return;
  task.processes.delete(name);
  const containers = withContainer(task.record, name, { ...end, lastStatus: "STOPPED" });
  const ended = { ...task.record, containers };
  const isOver = task.processes.size === 0 || containers.some((one) => one.spec.name === name && one.spec.essential);
  if (!isOver || ended.desiredStatus === "STOPPED") {
    changeTask(ecs, task, { containers });
  } else {
    const cause = {
      stopCode: "EssentialContainerExited",
      stoppedReason: "Essential container in task exited",
    } as const;
    changeTask(ecs, task, { containers, ...decideStop(ended, cause, ecs.now()) });
    enforceStop(ecs, task, task.processes.values());
  }
  if (task.processes.size === 0) finishTask(ecs, task);
}
