// How does a bench run a command as a task, and how does it know that nothing of it is left?
import type { TaskId } from "../../../functions/core/ids.ts";
import type { Stack } from "./start-stack.ts";

/** Answers its id. */
export async function submitCommand(stack: Stack, repository: string, command: string[]): Promise<TaskId> {
  const request = { repository, prompt: "Measured", maxAttempts: 1, agent: { kind: "command", command } };
  const answer = await stack.ask("POST", "/tasks", request);
  return ((await answer.json()) as { taskId: TaskId }).taskId;
}

/** Its feed ends when it has ended, its sandbox has stopped and everything is cleaned up. */
export async function untilSettled(stack: Stack, taskId: string): Promise<string> {
  const feed = await (await stack.ask("GET", `/tasks/${taskId}/events`)).text();
  const end = feed.split("event: end").at(1) ?? "";
  return /"status":"(\w+)"/.exec(end)?.[1] ?? "unsettled";
}

/** Answers its id when nothing of it is left; throws unless it has completed. */
export async function runCommand(stack: Stack, repository: string, command: string[]): Promise<TaskId> {
  const taskId = await submitCommand(stack, repository, command);
  const status = await untilSettled(stack, taskId);
  if (status !== "completed") throw new Error(`${taskId}, which ran ${command.join(" ")}, is ${status}.`);
  return taskId;
}
