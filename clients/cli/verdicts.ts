// What did the gates say of a task's work? Each in a line, and of those that did not pass also what they had to show.
import { ask, DroverProblem, type Task } from "../client.ts";
import { type GateReport, parseReport, type Verdict } from "../gate-report.ts";
import type { Cli } from "./cli.ts";
import { printFields, printTable } from "./table.ts";
import { dim, green, print, red, tame, yellow } from "./terminal.ts";
import { sayDuration } from "./words.ts";

/** The newest: those of the last round of the last attempt. Null where no gate has judged it. */
export async function readVerdicts({ api }: Cli, { taskId, attempt }: Task): Promise<GateReport | null> {
  if (attempt === 0) return null;
  const params = { path: { taskId }, query: { attempt } };
  try {
    return parseReport(await ask(api.GET("/api/orchestrator/tasks/{taskId}/verdicts", { params, parseAs: "text" })));
  } catch (error) {
    if (error instanceof DroverProblem && error.code === "artifact_not_found") return null;
    throw error;
  }
}

export function printVerdicts({ round, commit, verdicts }: GateReport): void {
  print(`\nRound ${round} of the gates, on ${commit.slice(0, 12)}:`);
  printTable(verdicts, [
    { title: "GATE", of: ({ gate }) => gate },
    { title: "VERDICT", of: sayOutcome, style: (padded, { outcome }) => colours[outcome](padded) },
    { title: "TOOK", of: ({ durationMs }) => sayDuration(durationMs), right: true },
    { title: "SAID", of: ({ actual }) => actual, flexible: true },
  ]);
  for (const verdict of verdicts.filter(({ outcome }) => outcome !== "passed" && outcome !== "skipped")) {
    print("");
    printFields([
      [`${verdict.gate} expected`, tame(verdict.expected)],
      ["said", tame(shorten(verdict.details))],
    ]);
  }
}

const sayOutcome = ({ outcome }: Verdict) => outcome.replaceAll("_", " ");

const colours = {
  ...{ passed: green, skipped: dim },
  ...{ failed: red, timed_out: red, missing: red, infrastructure: yellow },
} satisfies Record<Verdict["outcome"], unknown>;

const shownLines = 6;

/** The beginning and the end, where what went wrong mostly stands; --json has all of it. */
function shorten(details: string): string {
  const lines = details.trimEnd().split("\n");
  const left = lines.length - 2 * shownLines;
  if (left <= 1) return lines.join("\n");
  return [...lines.slice(0, shownLines), `[… ${left} lines, which --json has]`, ...lines.slice(-shownLines)].join("\n");
}
