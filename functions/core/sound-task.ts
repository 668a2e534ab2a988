// Is what is stored as a task one? An older, a buggy or a foreign writer may have left something else in its place.
import { type Task, taskStatuses } from "./task.ts";

const numbers = ["version", "priority", "createdAt", "updatedAt", "attempt", "attemptsUsed", "maxAttempts"] as const;
const texts = ["taskId", "workspace", "title", "createdBy", "owner", "backend", "repositoryKey"] as const;
const generations = ["global", "workspace", "backend"] as const;

/** What of it cannot be read, or undefined when all that is needed to run and to show it can be. */
export function findFlaw(task: Task): string | undefined {
  for (const name of numbers) if (!Number.isFinite(task[name])) return `${name} is no number`;
  for (const name of texts) if (typeof task[name] !== "string") return `${name} is no text`;
  if (!taskStatuses.includes(task.status)) return `status is ${JSON.stringify(task.status)}`;
  for (const name of generations)
    if (!Number.isFinite(task.admitted?.[name])) return `the generation of ${name} at its admission is no number`;
  if (task.due && !Number.isFinite(task.due.at)) return "the time of what it owes is no number";
  if (task.labels && !Array.isArray(task.labels)) return "labels are no list";
  return undefined;
}
