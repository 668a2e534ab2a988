// In which order do the indexes list tasks?
import type { Task } from "../../../functions/core/task.ts";

export const byDue = (a: Task, b: Task): number => (a.due?.at ?? 0) - (b.due?.at ?? 0) || compare(a.taskId, b.taskId);

export const byId = (a: Task, b: Task): number => compare(a.taskId, b.taskId);

/** In place. Most lists here have one entry or none, and to sort those costs as much as to make them. */
export const order = <T>(list: T[], by: (a: T, b: T) => number): T[] => (list.length > 1 ? list.sort(by) : list);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
