// How are times, amounts and tasks put into words?
import type { AuditEvent, Task, TaskSummary } from "../client.ts";
import { oneLine } from "./terminal.ts";

const steps = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "m"],
] as const;

export function sayDuration(ms: number): string {
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)}s`;
  for (const [index, [length, unit]] of steps.entries()) {
    if (ms < length) continue;
    const [smaller, name] = steps[index + 1] ?? [1000, "s"];
    const rest = Math.floor((ms % length) / smaller);
    return `${Math.floor(ms / length)}${unit}${rest > 0 ? `${rest}${name}` : ""}`;
  }
  return `${Math.round(ms / 1000)}s`;
}

export function sayAge(iso: string, now = Date.now()): string {
  const seconds = Math.floor(Math.max(0, now - Date.parse(iso)) / 1000);
  return seconds < 60 ? `${seconds}s` : sayDuration(seconds * 1000);
}

export const sayDollars = (microDollars: number) =>
  `$${(microDollars / 1_000_000).toFixed(microDollars < 1_000_000 ? 4 : 2)}`;

export const sayClock = (iso: string) => new Date(iso).toTimeString().slice(0, 8);

/** What nobody should overlook. */
export function sayMarks({ yolo, unconfined, escalated, outcomeOverdue, merges }: TaskSummary | Task): string {
  return [
    ...(yolo ? ["YOLO"] : []),
    ...(unconfined ? ["unconfined"] : []),
    ...(escalated ? ["escalated"] : []),
    ...(outcomeOverdue ? ["outcome overdue"] : []),
    ...(merges === "conflicts" ? ["conflicts"] : []),
  ].join(", ");
}

export const sayAgent = ({ agent }: Task) =>
  agent.kind === "command" ? `command ${JSON.stringify(agent.command)}` : `${agent.type}, ${agent.model}`;

/** One line on how it ended; undefined while it has not. */
export function sayEnd(task: TaskSummary): string | undefined {
  const { status, failure, killed, branch, commit, noChanges, pullRequest } = task;
  if (status === "failed") return `${failure?.class ?? "failed"}: ${oneLine(failure?.message ?? "")}`;
  if (status === "killed")
    return `${killed?.cause ?? "killed"} by ${killed?.by ?? "?"}: ${oneLine(killed?.reason ?? "")}`;
  if (status !== "completed") return undefined;
  if (noChanges) return "nothing to change, so nothing was pushed";
  const pushed = branch ? `${branch} at ${commit?.slice(0, 12) ?? "?"}` : "without a branch";
  return pullRequest?.url ? `${pushed}, ${pullRequest.url}` : pushed;
}

/** What an audit event means beyond the state it leads to. */
export function sayEvent({ type, data }: AuditEvent): string {
  const known = ["reason", "message", "why", "branch", "feedback"].map((name) => data[name]);
  const said = known.filter((value): value is string => typeof value === "string").map(oneLine);
  return [type.replaceAll("_", " "), ...said].join(": ");
}
