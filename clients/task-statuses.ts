// Which states has a task? As the API's document lists them, for those who must choose one.
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
