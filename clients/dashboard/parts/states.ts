// Which statuses mean that a task is alive?
import type { TaskSummary } from "../../client.ts";

export type Status = TaskSummary["status"];

const liveStatuses: readonly Status[] = ["launching", "running", "verifying", "publishing"];

export const isLive = (status: Status) => liveStatuses.includes(status);
