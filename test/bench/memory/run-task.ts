// How does a bench run a command as a task, and how does it know that nothing of it is left?
import type { Stack } from "../stack/start-stack.ts";

/** Answers its id. */
export async function submitCommand(stack: Stack, repository: string, command: string[]): Promise<string> {
  const request = { repository, prompt: "Measured", maxAttempts: 1, agent: { kind: "command", command } };
  const answer = await stack.ask("POST", "/tasks", request);
  return ((await answer.json()) as { taskId: string }).taskId;
}

/** Its feed ends when it has ended, its sandbox has stopped and everything is cleaned up. */
export async function untilSettled(stack: Stack, taskId: string): Promise<string> {
  const feed = await (await stack.ask("GET", `/tasks/${taskId}/events`)).text();
  const end = feed.split("event: end").at(1) ?? "";
  return /"status":"(\w+)"/.exec(end)?.[1] ?? "unsettled";
}
