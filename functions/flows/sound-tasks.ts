// How do the others go on when one stored task cannot be read? It is told of once, and stepped over.
import { findFlaw } from "../core/sound-task.ts";
import type { Task } from "../core/task.ts";

/** By this process. */
const told = new Set<string>();

export function isSound(task: Task): boolean {
  const flaw = findFlaw(task);
  if (!flaw) return true;
  if (!told.has(task.taskId)) console.error(`${task.taskId} cannot be read and is stepped over: ${flaw}`);
  told.add(task.taskId);
  return false;
}
