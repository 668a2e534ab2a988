// Which statuses are there, and which of them are alive or final?
import type { TaskSummary } from "../../client.ts";

export type Status = TaskSummary["status"];

const liveStatuses: readonly Status[] = ["launching", "running", "verifying", "publishing"];

export const isLive = (status: Status) => liveStatuses.includes(status);
export const isEnded = (status: Status) => status === "completed" || status === "failed" || status === "killed";
