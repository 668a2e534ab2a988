// In which order do the indexes list tasks?
import type { Task } from "../../../functions/core/task.ts";

/** Priority 10 first, then the oldest. */
export const byReady = (a: Task, b: Task): number =>
  b.priority - a.priority || a.createdAt - b.createdAt || compare(a.taskId, b.taskId);

export const byDue = (a: Task, b: Task): number => (a.due?.at ?? 0) - (b.due?.at ?? 0) || compare(a.taskId, b.taskId);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
