// How does a task change? Record, version and event together, then the world is told.
import type { Ecs } from "./context.ts";
import { deliverEvents } from "./deliver.ts";
import { saveTask } from "./records.ts";
import { describeChange } from "./state-change.ts";
import type { LiveTask, StopCode, TaskRecord } from "./task.ts";

export function changeTask(ecs: Ecs, task: LiveTask, patch: Partial<TaskRecord>): void {
  const record = { ...task.record, ...patch, version: task.record.version + 1 };
  record.undelivered = [...record.undelivered, describeChange(ecs.cluster, record, ecs.now())];
  task.record = record;
  saveTask(ecs, task);
  deliverEvents(ecs, task);
}

export interface StopCause {
  stopCode: StopCode;
  stoppedReason: string;
}

/** What changes when a task that should run is to stop. Not for one that stops already: the first cause wins. */
export function decideStop(record: TaskRecord, cause: StopCause, now: number): Partial<TaskRecord> {
  const waits = record.containers.some((container) => container.lastStatus !== "STOPPED");
  return {
    ...cause,
    desiredStatus: "STOPPED",
    lastStatus: waits ? "STOPPING" : record.lastStatus,
    stoppingAt: now,
    // As on AWS: the tags of a stopped task are deleted.
    tags: [],
  };
}
