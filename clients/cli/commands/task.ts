// `drover show`, `logs`, `diff`: what is known of one task, and what it has left behind.
import { Command } from "@commander-js/extra-typings";
import { ask, type Task } from "../../client.ts";
import { isEnded } from "../../task-statuses.ts";
import { type Cli, openCli } from "../cli.ts";
import { CliError } from "../exit-codes.ts";
import { exitCodeOf, followTask } from "../follow.ts";
import { given, parseCount } from "../inputs.ts";
import { printFields, printTable } from "../table.ts";
import { colourStatus, cyan, green, print, printJson, printJsonLine, red, tame, yellow } from "../terminal.ts";
import { printVerdicts, readVerdicts } from "../verdicts.ts";
import { sayAge, sayAgent, sayDollars, sayDuration, sayEnd, sayMarks } from "../words.ts";

export const showCommand = () =>
  new Command("show")
    .description("Shows a task with its attempts, what its gates said, and what it has spent")
    .argument("<task>", "id of the task")
    .action(async (taskId, _options, command) => {
      const cli = openCli(command);
      const task = await readTask(cli, taskId);
      const verdicts = await readVerdicts(cli, task);
      if (cli.json) return printJson({ ...task, verdicts });
      printTask(task);
      if (verdicts) printVerdicts(verdicts);
    });

export const logsCommand = () =>
  new Command("logs")
    .description("Prints what the agent of a task printed")
    .argument("<task>", "id of the task")
    .option("-f, --follow", "go on until the task has ended; its end is the exit code, as of run")
    .option("--attempt <number>", "an earlier attempt than the last", parseCount)
    .addHelpText("after", "\nExamples:\n  drover logs -f tsk_…\n  drover logs tsk_… --attempt 1 > attempt-1.log")
    .action(async (taskId, { follow, attempt }, command) => {
      const cli = openCli(command);
      const task = await readTask(cli, taskId);
      if (!follow || isEnded(task.status)) {
        printArtifact(cli, "log", await readArtifact(cli, taskId, "log", attempt), tame);
        if (follow) process.exitCode = exitCodeOf(task);
        return;
      }
      if (attempt !== undefined) {
        throw new CliError(`${taskId} goes on, and -f follows what runs: leave out --attempt, or -f`);
      }
      const ended = await followTask(cli, taskId, { events: false });
      if (cli.json) printJsonLine({ kind: "task", task: ended });
      process.exitCode = exitCodeOf(ended);
    });

export const diffCommand = () =>
  new Command("diff")
    .description("Prints what the agent of a task has changed, as a unified diff")
    .argument("<task>", "id of the task")
    .option("--attempt <number>", "an earlier attempt than the last", parseCount)
    .addHelpText("after", "\nExamples:\n  drover diff tsk_…\n  drover diff tsk_… | git apply")
    .action(async (taskId, { attempt }, command) => {
      const cli = openCli(command);
      printArtifact(cli, "diff", await readArtifact(cli, taskId, "diff", attempt), (text) => colourDiff(tame(text)));
    });

async function readTask(cli: Cli, taskId: string): Promise<Task> {
  return ask(cli.api.GET("/api/orchestrator/tasks/{taskId}", { params: { path: { taskId } } }));
}

async function readArtifact(
  cli: Cli,
  taskId: string,
  kind: "log" | "diff",
  attempt: number | undefined,
): Promise<string> {
  const params = { path: { taskId }, query: given({ attempt }) };
  return ask(cli.api.GET(`/api/orchestrator/tasks/{taskId}/${kind}`, { params, parseAs: "text" }));
}

function printArtifact(cli: Cli, kind: string, text: string, shown: (text: string) => string): void {
  if (cli.json) printJson({ [kind]: text });
  else process.stdout.write(shown(text));
}

function colourDiff(text: string): string {
  return text
    .split("\n")
    .map((line) => {
      if (line.startsWith("+")) return green(line);
      if (line.startsWith("-")) return red(line);
      return line.startsWith("@@") ? cyan(line) : line;
    })
    .join("\n");
}

function printTask(task: Task): void {
  const { taskId, status, version, priority, labels, repository, baseBranch, gates, limits, spend, killed, warnings } =
    task;
  const budget = [
    ...(limits.microDollars === undefined ? [] : [sayDollars(limits.microDollars)]),
    ...(limits.tokens === undefined ? [] : [`${limits.tokens.toLocaleString("en")} tokens`]),
    sayDuration(limits.wallClockMs),
  ];
  printFields([
    ["Task", taskId],
    ["Title", task.title],
    ["Status", `${colourStatus(status)} (version ${version}, ${sayAge(task.updatedAt)} ago)`],
    ["Outcome", sayEnd(task)],
    ["Stop", killed && (task.stopConfirmation ?? "not confirmed yet")],
    [
      "Pull request",
      task.pullRequest && `${task.pullRequest.state} ${task.pullRequest.url ?? task.pullRequest.why ?? ""}`,
    ],
    ["Marks", sayMarks(task) && yellow(sayMarks(task))],
    ["Repository", `${repository} from ${baseBranch}`],
    ["Agent", sayAgent(task)],
    ["Gates", `${gates.profile}: ${gates.gates.join(", ") || "none"}`],
    ["Spent", spend && describeSpend(spend)],
    ["Limits", budget.join(", ")],
    ["Priority", priority],
    ["Labels", labels?.join(", ")],
    ["Workspace", `${task.workspace}, by ${task.owner}, on ${task.backend}`],
    ["Retry of", task.retryOf],
    ["Messages", task.messages],
    ["Mind", warnings?.join("\n")],
    ["Prompt", tame(task.prompt)],
  ]);
  if (task.attempts.length === 0) return;
  print("");
  printTable(task.attempts, [
    { title: "ATTEMPT", of: ({ agentId }) => agentId },
    { title: "STATE", of: ({ state }) => state, style: (padded, { state }) => colourStatus(state, padded) },
    {
      title: "TOOK",
      of: ({ claimedAt, endedAt }) => sayAge(claimedAt, endedAt ? Date.parse(endedAt) : Date.now()),
      right: true,
    },
    { title: "STEP", of: ({ step }) => step, flexible: true },
  ]);
}

function describeSpend({
  microDollars = 0,
  turns = 0,
  wallClockMs = 0,
  ...tokens
}: NonNullable<Task["spend"]>): string {
  const { inputTokens = 0, outputTokens = 0, cacheReadTokens = 0, cacheWriteTokens = 0 } = tokens;
  const all = inputTokens + outputTokens + cacheReadTokens + cacheWriteTokens;
  return `${sayDollars(microDollars)}, ${all.toLocaleString("en")} tokens, ${turns} turns, ${sayDuration(wallClockMs)}`;
}
