// `drover run`: asks for a task, and follows it to its end.
import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Command, Option } from "@commander-js/extra-typings";
import type { paths } from "../../api-types.ts";
import { ask, type Task } from "../../client.ts";
import { openCli } from "../cli.ts";
import { CliError } from "../exit-codes.ts";
import { exitCodeOf, followTask, printEnd } from "../follow.ts";
import { collect, given, parseCount, parseDollars, parseDurationMs, readText } from "../inputs.ts";
import { bold, dim, print, printJson, printJsonLine } from "../terminal.ts";
import { sayAgent } from "../words.ts";

type TaskRequest = paths["/api/orchestrator/tasks"]["post"]["requestBody"]["content"]["application/json"];

const examples = `
Examples:
  drover run -- npx --yes prettier --write .             the repository you stand in, by a command
  drover run -p "Make the failing test pass" --dollars 2 by Claude
  drover run -r https://github.com/me/project --credential github -b main --pull-request -p @task.md
  id=$(drover run --detach -- npm audit fix)             submit only; prints the id`;

export const runCommand = () =>
  new Command("run")
    .summary("Submits a task and follows it to its end")
    .description("Submits a task and follows it: for a model agent with --prompt, or a command after --")
    .argument("[command...]", "the command that does the work, after --")
    .option(
      "-r, --repository <url>",
      "repository: an URL, or a path on the machine of drover (default: where you stand)",
    )
    .option("-b, --branch <name>", "branch to start from (default: the repository's own)")
    .option("-p, --prompt <text>", "what to do; - reads it from the standard input, @file from a file")
    .option("--title <text>", "a name for lists (default: the prompt's first line)")
    .addOption(
      new Option("--type <type>", "type of the model agent").choices(["worker", "reviewer", "tester"] as const),
    )
    .option("--model <name>", "model (default: the cheapest that is able enough)")
    .option("--model-credential <name>", "credential with the model's key (default: anthropic)")
    .option("--skill <name>", "a skill of the repository; may be given again", collect)
    .option("--profile <name>", "gates: strict, standard, minimal or none (default: by the agent's type)")
    .option("--gates <names>", "these gates instead of a profile, as in test,lint", collect)
    .option(
      "--allow-config-change <path>",
      "a file of the gates that the agent may change; may be given again",
      collect,
    )
    .option("--yolo <reason>", "skip the gates, and say why: it goes into the audit log")
    .option("--credential <name>", "credential for the repository")
    .option("--pull-request", "open a pull request from the pushed branch")
    .option("--base <branch>", "base of the pull request")
    .option("--draft", "open it as a draft")
    .option("--priority <1-10>", "10 runs first", parseCount)
    .option("-l, --label <name>", "label; may be given again", collect)
    .option("--dollars <amount>", "budget in dollars", parseDollars)
    .option("--tokens <count>", "budget in tokens", parseCount)
    .option("--turns <count>", "calls to the model", parseCount)
    .option("--time <duration>", "time for one attempt, as 10m or 2h", parseDurationMs)
    .option("--rejections <count>", "how often the gates may send the work back", parseCount)
    .option("--max-attempts <count>", "attempts after failures that are not the agent's", parseCount)
    .option("--backend <name>", "where it runs")
    .option("--delay <duration>", "begin after 90s, 10m, 2h, 1d", parseDurationMs)
    .option("--not-before <time>", "begin at a time, as 2026-12-01T08:00:00Z")
    .option("--idempotency-key <text>", "the same key makes the same task once in a day")
    .option("--detach", "submit only, and print the id")
    .addHelpText("after", examples)
    .action(async (argv, options, command) => {
      const cli = openCli(command);
      const body = await toRequest(argv, options);
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
  const { prompt, draft, base, profile, gates, yolo } = options;
  const isCommand = argv.length > 0;
  const modelOnly = (["type", "model", "modelCredential", "skill"] as const).find(
    (name) => options[name] !== undefined,
  );
  if (isCommand && modelOnly)
    throw new CliError(`A command after -- has no --${dashed(modelOnly)}: that is of a model agent`);
  if (!isCommand && prompt === undefined) {
    throw new CliError("Say what to do: --prompt TEXT for a model agent, or a command after --. See drover run --help");
  }
  if (!options.pullRequest && (draft || base))
    throw new CliError("--base and --draft are of a pull request: add --pull-request");
  const { type, model, modelCredential: credential, skill: skills } = options;
  return given({
    repository: locate(options.repository),
    branch: options.branch,
    prompt: prompt === undefined ? `Run ${argv.join(" ")}` : await readText(prompt, "The prompt"),
    title: options.title,
    agent: isCommand
      ? ({ kind: "command", command: argv } as const)
      : { kind: "model" as const, ...given({ type, model, credential, skills }) },
    credential: options.credential,
    priority: options.priority,
    labels: options.label,
    maxAttempts: options.maxAttempts,
    backend: options.backend,
    delayMs: options.delay,
    notBefore: options.notBefore,
    limits: given({
      dollars: options.dollars,
      tokens: options.tokens,
      turns: options.turns,
      wallClockMs: options.time,
      rejections: options.rejections,
    }),
    gates: profile || gates ? given({ profile, gates }) : undefined,
    yolo: yolo === undefined ? undefined : { reason: yolo },
    allowConfigChanges: options.allowConfigChange,
    pullRequest: options.pullRequest ? given({ base, draft }) : undefined,
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

const dashed = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
