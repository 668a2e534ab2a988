// What is known of a fleet after one more answer, snapshot or event? Pure: the highest version of each task wins.
import type { AuditEvent, Snapshot, TaskSummary } from "../../client.ts";
import { isEnded } from "../../task-statuses.ts";

export type Tasks = ReadonlyMap<string, TaskSummary>;

export interface Merged {
  tasks: Tasks;
  /** What is not known well enough by the event alone, and has to be read. */
  toRead: string[];
}

export function mergeTasks(known: Tasks, read: readonly TaskSummary[]): Tasks {
  const fresh = read.filter((task) => (known.get(task.taskId)?.version ?? -1) < task.version);
  if (fresh.length === 0) return known;
  const next = new Map(known);
  for (const task of fresh) next.set(task.taskId, task);
  return next;
}

/** What was active and is not in the snapshot any more has ended while nobody listened. */
export function mergeSnapshot(known: Tasks, { tasks, complete }: Snapshot): Merged {
  const active = new Set(tasks.map(({ taskId }) => taskId));
  const gone = [...known.values()].filter(({ taskId, status }) => !isEnded(status) && !active.has(taskId));
  return { tasks: mergeTasks(known, tasks), toRead: complete ? gone.map(({ taskId }) => taskId) : [] };
}

/** Events that say nothing about a task beyond its status, attempt and version. */
const sayAll = new Set(["started", "work_done", "permit_granted", "claimed"]);

export function mergeEvents(known: Tasks, events: readonly AuditEvent[]): Merged {
  const next = new Map(known);
  const toRead = new Set<string>();
  for (const event of events) {
    const task = next.get(event.taskId);
    if (!task) toRead.add(event.taskId);
    else if (event.version > task.version) {
      next.set(event.taskId, applyEvent(task, event));
      if (!sayAll.has(event.type)) toRead.add(event.taskId);
    }
  }
  return { tasks: next, toRead: [...toRead] };
}

/** Shown at once; the version stays below that of the event where the task has still to be read. */
function applyEvent(task: TaskSummary, event: AuditEvent): TaskSummary {
  return {
    ...task,
    version: sayAll.has(event.type) ? event.version : task.version,
    status: event.to,
    updatedAt: event.at,
    attempt: event.type === "claimed" ? task.attempt + 1 : task.attempt,
  };
}
