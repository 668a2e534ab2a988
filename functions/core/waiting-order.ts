// In which order are tasks found whose time to wait is over? Minute after minute, and of each one workspace after another.
import type { TaskId } from "./ids.ts";
import { beginningOf } from "./ready-order.ts";
import type { Task } from "./task.ts";

/** A task in the queue of those that wait. */
export interface WaitingTask {
  taskId: TaskId;
  workspace: string;
  /** Its time: it stands in the queue by the minute, so that may be still to come. */
  at: number;
  position: string;
}

const minuteMs = 60_000;
/** Width that keeps times in order as text, until the year 2286. */
const padded = (ms: number) => String(ms).padStart(13, "0");
const minuteOf = (at: number) => padded(at - (at % minuteMs));

export const waitingPosition = (at: number, { taskId, workspace }: Pick<Task, "taskId" | "workspace">): string =>
  `${minuteOf(at)}#${beginningOf(workspace)}${padded(at)}#${taskId}`;

/** Behind everything whose minute has come. */
export const waitingUntil = (now: number): string => `${minuteOf(now)}#~`;

/** Behind all tasks of the same workspace and minute. */
export const behindNeighbours = (position: string): string => `${position.split("#").slice(0, -2).join("#")}#~`;

/** An older version wrote time, task, workspace: such a task is found a minute late at most. */
export function parseWaiting(taskId: TaskId, position: string): WaitingTask {
  const parts = position.split("#");
  const [at = "", , last = ""] = parts;
  if (parts.length === 3) return { taskId, position, at: Number(at), workspace: last };
  return { taskId, position, at: Number(parts.at(-2)), workspace: parts.at(-3) ?? "" };
}
