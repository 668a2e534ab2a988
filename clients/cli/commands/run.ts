// `drover run`: asks for a task, and follows it to its end.
import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Command } from "@commander-js/extra-typings";
import { ask, type Task } from "../../client.ts";
import { openCli, requireOwnWorkspace } from "../cli.ts";
import { CliError } from "../exit-codes.ts";
import { exitCodeOf, followTask, printEnd } from "../follow.ts";
import { given, parseDurationMs, readText } from "../inputs.ts";
import { bold, dim, print, printJson, printJsonLine } from "../terminal.ts";
import { sayAgent } from "../words.ts";
import { type AgentOptions, addTaskOptions, type TaskRequest, toAgentRequest } from "./agent-options.ts";

const examples = `
Examples:
  drover run -- npx --yes prettier --write .             the repository you stand in, by a command
  drover run -p "Make the failing test pass" --dollars 2 by Claude
  drover run -r https://github.com/me/project --credential github -b main --pull-request -p @task.md
  id=$(drover run --detach -- npm audit fix)             submit only; prints the id`;

export const runCommand = () =>
  addTaskOptions(
    new Command("run")
      .summary("Submits a task and follows it to its end")
      .description("Submits a task and follows it: for a model agent with --prompt, or a command after --")
      .argument("[command...]", "the command that does the work, after --"),
  )
    .option("--delay <duration>", "begin after 90s, 10m, 2h, 1d", parseDurationMs)
    .option("--not-before <time>", "begin at a time, as 2026-12-01T08:00:00Z")
    .option("--idempotency-key <text>", "the same key makes the same task once in a day")
    .option("--detach", "submit only, and print the id")
    .addHelpText("after", examples)
    .action(async (argv, options, command) => {
      const cli = openCli(command);
      const body = await toRequest(argv, options);
      await requireOwnWorkspace(cli);
      const header = given({ "idempotency-key": options.idempotencyKey });
      const task = await ask(cli.api.POST("/api/orchestrator/tasks", { body, params: { header } }));
      if (options.detach) return cli.json ? printJson(task) : print(task.taskId);
      if (cli.json) printJsonLine({ kind: "submitted", task });
      else printSubmitted(task);
      const ended = await followTask(cli, task.taskId, { events: true });
      if (cli.json) printJsonLine({ kind: "task", task: ended });
      else printEnd(ended);
      process.exitCode = exitCodeOf(ended);
    });

type RunOptions = ReturnType<ReturnType<typeof runCommand>["opts"]>;

async function toRequest(argv: string[], options: RunOptions): Promise<TaskRequest> {
  const { delay, notBefore } = options;
  return given({ ...(await toTaskRequest(argv, options)), delayMs: delay, notBefore }) as TaskRequest;
}

interface WorkOptions {
  repository?: string | undefined;
  branch?: string | undefined;
  prompt?: string | undefined;
  title?: string | undefined;
}

/** Without the time, which somebody else may say. */
export async function toTaskRequest(argv: string[], options: WorkOptions & AgentOptions): Promise<TaskRequest> {
  const { prompt } = options;
  if (argv.length === 0 && prompt === undefined) {
    throw new CliError("Say what to do: --prompt TEXT for a model agent, or a command after --. See drover run --help");
  }
  return given({
    ...toAgentRequest(argv, options),
    repository: locate(options.repository),
    branch: options.branch,
    prompt: prompt === undefined ? `Run ${argv.join(" ")}` : await readText(prompt, "The prompt"),
    title: options.title,
  }) as TaskRequest;
}

/** A path here is meant as it is seen from here; everything else is left for drover to judge. */
function locate(repository: string | undefined): string {
  if (repository === undefined) return findRepository(process.cwd());
  const isPath = !/^[a-z+]+:\/\//i.test(repository) && existsSync(repository) && statSync(repository).isDirectory();
  return isPath ? resolve(repository) : repository;
}

function findRepository(cwd: string): string {
  for (let at = cwd; ; at = dirname(at)) {
    if (existsSync(join(at, ".git"))) return at;
    if (dirname(at) === at) throw new CliError(`${cwd} is in no git repository. Name one: --repository URL`);
  }
}

function printSubmitted(task: Task): void {
  print(`${bold(task.taskId)}  ${task.title}`);
  print(
    dim(
      `${task.repository} from ${task.baseBranch} · ${sayAgent(task)} · gates: ${task.gates.gates.join(", ") || "none"}`,
    ),
  );
  for (const warning of task.warnings ?? []) print(`Mind: ${warning}`);
}
