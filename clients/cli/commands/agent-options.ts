// What may be said of a task, whoever asks for it: its agent, gates, limits and result. Options, and the request they make.
import { type Command, Option, type OptionValues } from "@commander-js/extra-typings";
import type { paths } from "../../api-types.ts";
import { CliError } from "../exit-codes.ts";
import { collect, given, parseCount, parseDollars, parseDurationMs } from "../inputs.ts";

export type TaskRequest = paths["/api/orchestrator/tasks"]["post"]["requestBody"]["content"]["application/json"];

/** And of the work itself. */
export function addTaskOptions<Args extends unknown[], Opts extends OptionValues>(command: Command<Args, Opts>) {
  return addAgentOptions(
    command
      .option(
        "-r, --repository <url>",
        "repository: an URL, or a path on the machine of drover (default: where you stand)",
      )
      .option("-b, --branch <name>", "branch to start from (default: the repository's own)")
      .option("-p, --prompt <text>", "what to do; - reads it from the standard input, @file from a file")
      .option("--title <text>", "a name for lists (default: the prompt's first line)"),
  );
}

export function addAgentOptions<Args extends unknown[], Opts extends OptionValues>(command: Command<Args, Opts>) {
  return command
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
    .option("--backend <name>", "where it runs");
}

/** What they are read as. Written out, since the compiler gives up inferring so many. */
export interface AgentOptions {
  type?: "worker" | "reviewer" | "tester" | undefined;
  model?: string | undefined;
  modelCredential?: string | undefined;
  skill?: string[] | undefined;
  profile?: string | undefined;
  gates?: string[] | undefined;
  allowConfigChange?: string[] | undefined;
  yolo?: string | undefined;
  credential?: string | undefined;
  pullRequest?: true | undefined;
  base?: string | undefined;
  draft?: true | undefined;
  priority?: number | undefined;
  label?: string[] | undefined;
  dollars?: number | undefined;
  tokens?: number | undefined;
  turns?: number | undefined;
  time?: number | undefined;
  rejections?: number | undefined;
  maxAttempts?: number | undefined;
  backend?: string | undefined;
}

/** `argv`: the command after `--`, empty for a model agent. */
export function toAgentRequest(argv: string[], options: AgentOptions) {
  const { draft, base, profile, gates, yolo, type, model, modelCredential: credential, skill: skills } = options;
  const isCommand = argv.length > 0;
  const modelOnly = (["type", "model", "modelCredential", "skill"] as const).find(
    (name) => options[name] !== undefined,
  );
  if (isCommand && modelOnly)
    throw new CliError(`A command after -- has no --${dashed(modelOnly)}: that is of a model agent`);
  if (!options.pullRequest && (draft || base))
    throw new CliError("--base and --draft are of a pull request: add --pull-request");
  return {
    agent: isCommand
      ? ({ kind: "command", command: argv } as const)
      : { kind: "model" as const, ...given({ type, model, credential, skills }) },
    credential: options.credential,
    priority: options.priority,
    labels: options.label,
    maxAttempts: options.maxAttempts,
    backend: options.backend,
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
  };
}

const dashed = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
