// What does a comment on the issue say about the task that has ended?
import { commentMark } from "./forge-events.ts";
import { code, fence } from "./markdown.ts";
import { dollars } from "./price.ts";
import type { Attempt, Task } from "./task.ts";

export interface CommentFacts {
  task: Pick<
    Task,
    | "taskId"
    | "status"
    | "branch"
    | "commit"
    | "noChanges"
    | "pullRequest"
    | "failure"
    | "publishOutcome"
    | "yolo"
    | "attempt"
  >;
  attempts: readonly Pick<Attempt, "beat">[];
  /** Of the dashboard's page, where drover knows its own address. */
  link?: string;
}

/** Hidden from readers: it tells a repetition, and our own comments from those of people. */
export const markOf = (taskId: string): string => `${commentMark}${taskId} -->`;

export function describeComment({ task, attempts, link }: CommentFacts): string {
  const { taskId, failure, yolo } = task;
  const spend = attempts.findLast(({ beat }) => beat?.spend)?.beat?.spend;
  const facts = [
    ...describeResult(task),
    ...(yolo ? ["Its gates were skipped (YOLO)."] : []),
    `Attempt ${task.attempt}`,
    ...(spend ? [`Cost: ${dollars(spend.microDollars)}`] : []),
    link ? `[The task and its log](${link})` : `Task ${code(taskId)}`,
  ];
  const parts = [
    markOf(taskId),
    `**drover: ${headlineOf(task)}**`,
    ...(failure && task.status === "failed" ? [fence(failure.message)] : []),
    `- ${facts.join("\n- ")}`,
  ];
  return `${parts.join("\n\n")}\n`;
}

function headlineOf({ status, failure, noChanges }: CommentFacts["task"]): string {
  if (status === "failed") return `failed (${failure?.class.replaceAll("_", " ") ?? "unknown"})`;
  if (status === "killed") return "stopped by a person before it was done";
  return noChanges ? "done, and nothing had to be changed" : "done";
}

function describeResult({ branch, commit, pullRequest, publishOutcome }: CommentFacts["task"]): string[] {
  const isPushed = branch && (publishOutcome === "pushed" || publishOutcome === "pushed_before_stop");
  return [
    ...(pullRequest?.state === "open" ? [`Pull request: ${pullRequest.url}`] : []),
    ...(pullRequest?.state === "failed" ? [`No pull request could be opened: ${code(pullRequest.why)}`] : []),
    ...(isPushed ? [`Branch ${code(branch)}${commit ? ` at ${code(commit.slice(0, 12))}` : ""}`] : []),
  ];
}
