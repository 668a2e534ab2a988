// Which states has a task, and which of them are its end? As the API's document lists them.
import type { TaskSummary } from "./client.ts";

export const taskStatuses = [
  "queued",
  "launching",
  "running",
  "verifying",
  "publishing",
  "completed",
  "failed",
  "killed",
] as const satisfies readonly TaskSummary["status"][];

export const isEnded = (status: TaskSummary["status"]) =>
  status === "completed" || status === "failed" || status === "killed";
