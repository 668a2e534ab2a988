// How does a tool answer? With JSON that a model can read, or an error in the words of whoever refused.
import type { CallToolResult } from "@modelcontextprotocol/server";
import type { Task, TaskSummary } from "../client.ts";

const text = (value: string): CallToolResult["content"] => [{ type: "text", text: value }];

/** What goes wrong is the model's to read: a refusal says what to do next. */
export async function answer(work: () => Promise<unknown>): Promise<CallToolResult> {
  try {
    const value = await work();
    return { content: text(typeof value === "string" ? value : JSON.stringify(value, null, 1)) };
  } catch (error) {
    return { content: text(error instanceof Error ? error.message : String(error)), isError: true };
  }
}

/** What a model needs to go on; the rest is in show_task. */
export function brief(task: Task | TaskSummary) {
  const { taskId, status, title, createdAt, updatedAt, failure, killed, branch, commit, noChanges, pullRequest, yolo } =
    task;
  return { taskId, status, title, createdAt, updatedAt, failure, killed, branch, commit, noChanges, pullRequest, yolo };
}

/** The end of a text is where an error stands; what is left out is said. */
export function clip(whole: string, maxCharacters: number, keep: "start" | "end"): string {
  const left = whole.length - maxCharacters;
  if (left <= 0) return whole;
  return keep === "end"
    ? `[${left} characters before this were left out]\n${whole.slice(-maxCharacters).toWellFormed()}`
    : `${whole.slice(0, maxCharacters).toWellFormed()}\n[${left} characters after this were left out]`;
}
