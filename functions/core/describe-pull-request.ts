// What does a pull request say about the task that it came from?
import { tokensOf } from "./budget.ts";
import { code, cutTo, fence } from "./markdown.ts";
import type { PullRequestWish } from "./pull-requests.ts";
import type { Attempt, Task, TaskSpec } from "./task.ts";

/** All that is known of the task at the end; what is absent is not told. */
export interface PullRequestFacts {
  task: Pick<Task, "taskId" | "title" | "attempt" | "rejections" | "unconfined" | "measuredLimits" | "merges">;
  spec: Pick<TaskSpec, "prompt" | "agent" | "gates" | "yolo" | "allowConfigChanges">;
  attempts: readonly Pick<Attempt, "attempt" | "state" | "beat">[];
  /** Gate → outcome, of the commit that was published. */
  verdicts?: Readonly<Record<string, string>>;
}

/** A forge takes more; nobody reads more. */
const maxPromptCharacters = 20_000;

export function describePullRequest(facts: PullRequestFacts, wish: PullRequestWish): { title: string; body: string } {
  const { task, spec } = facts;
  const parts = [
    ...warningsOf(facts).map((warning) => `> [!WARNING]\n> ${warning}`),
    `drover made this of task \`${task.taskId}\`:`,
    fence(cutTo(spec.prompt.trim(), maxPromptCharacters)),
    table(["gate", "outcome"], listGates(facts)),
    `- ${listFacts(facts).join("\n- ")}`,
  ];
  return { title: wish.title ?? task.title, body: `${parts.filter(Boolean).join("\n\n")}\n` };
}

function warningsOf({ task, spec }: PullRequestFacts): string[] {
  const skipped = spec.gates.gates.join(", ") || "none were chosen";
  return [
    ...(spec.yolo ? [`YOLO: the gates were skipped (${skipped}), because: ${code(spec.yolo.reason)}`] : []),
    ...(task.unconfined ? ["The agent ran without isolation."] : []),
    ...(task.measuredLimits
      ? [`Could be exceeded for a moment: the sandbox's ${task.measuredLimits.join(" and ")}.`]
      : []),
    ...(task.merges === "conflicts" ? ["While it was checked, its base branch has changed the same things."] : []),
    ...(spec.allowConfigChanges?.length
      ? [`It was allowed to change what the gates check: ${spec.allowConfigChanges.map(code).join(", ")}`]
      : []),
  ];
}

function listGates({ spec, verdicts = {} }: PullRequestFacts): string[][] {
  if (spec.yolo) return [];
  const names = [...new Set([...spec.gates.gates, ...Object.keys(verdicts)])];
  return names.map((name) => [code(name), verdicts[name] ? code(verdicts[name]) : "not told"]);
}

function listFacts({ task, spec, attempts }: PullRequestFacts): string[] {
  const { agent } = spec;
  const spend = attempts.findLast(({ beat }) => beat?.spend)?.beat?.spend;
  const lost = attempts.filter(({ state, attempt }) => attempt !== task.attempt && state !== "completed");
  return [
    agent.kind === "command"
      ? `Agent: the command ${code(agent.command.join(" "))}`
      : `Agent: ${agent.type}, ${code(agent.model)}`,
    `Attempt ${task.attempt}${lost.length > 0 ? `; before it: ${lost.map(({ attempt, state }) => `${attempt} ${state}`).join(", ")}` : ""}`,
    ...(task.rejections ? [`Sent back to the agent ${task.rejections} times`] : []),
    ...(spend ? [`Cost: $${(spend.microDollars / 1_000_000).toFixed(2)}, ${tokensOf(spend)} tokens`] : []),
  ];
}

function table(head: string[], rows: string[][]): string {
  if (rows.length === 0) return "";
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
