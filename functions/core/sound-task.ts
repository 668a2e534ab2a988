// Is what is stored as a task one? An older, a buggy or a foreign writer may have left something else in its place.
import { type Task, taskStatuses } from "./task.ts";

const numbers = ["version", "priority", "createdAt", "updatedAt", "attempt", "attemptsUsed", "maxAttempts"] as const;
const texts = ["taskId", "workspace", "title", "createdBy", "owner", "backend", "repositoryKey"] as const;
const generations = ["global", "workspace", "backend"] as const;

/** What of it cannot be read, or undefined when all that is needed to run and to show it can be. */
export function findFlaw(task: Task): string | undefined {
  const number = numbers.find((name) => !Number.isFinite(task[name]));
  if (number) return `${number} is no number`;
  const text = texts.find((name) => typeof task[name] !== "string");
  if (text) return `${text} is no text`;
  if (!taskStatuses.includes(task.status)) return `status is ${JSON.stringify(task.status)}`;
  const generation = generations.find((name) => !Number.isFinite(task.admitted?.[name]));
  if (generation) return `the generation of ${generation} at its admission is no number`;
  if (task.due && !Number.isFinite(task.due.at)) return "the time of what it owes is no number";
  if (task.labels && !Array.isArray(task.labels)) return "labels are no list";
  return undefined;
}
