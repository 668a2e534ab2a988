// `drover schedules`: which tasks are asked for again and again, when, and what became of the last time.
import { Command } from "@commander-js/extra-typings";
import type { paths } from "../../api-types.ts";
import { ask } from "../../client.ts";
import { type Cli, openCli } from "../cli.ts";
import { CliError } from "../exit-codes.ts";
import { given } from "../inputs.ts";
import { printTable } from "../table.ts";
import { note, print, printJson, red } from "../terminal.ts";
import { sayAge } from "../words.ts";
import { addTaskOptions } from "./agent-options.ts";
import { toTaskRequest } from "./run.ts";

const path = "/api/orchestrator/workspaces/{workspace}/schedules";
type Schedule = paths[typeof path]["get"]["responses"][200]["content"]["application/json"]["schedules"][number];

export const schedulesCommand = () =>
  new Command("schedules")
    .description("Lists, adds, edits and removes tasks that are asked for by the clock")
    .addCommand(list())
    .addCommand(add())
    .addCommand(edit())
    .addCommand(turn("pause", "Holds a schedule back; what was due meanwhile is not made up for", true))
    .addCommand(turn("resume", "Lets a schedule come again after pause", false))
    .addCommand(run())
    .addCommand(remove());

const list = () =>
  new Command("ls")
    .description("Lists the schedules, with their next time and what became of the last one")
    .action(async (_options, command) => {
      const cli = openCli(command);
      const schedules = await read(cli);
      if (cli.json) return printJson({ schedules });
      printTable(schedules, [
        { title: "ID", of: ({ scheduleId }) => scheduleId },
        { title: "NAME", of: ({ name }) => name },
        { title: "WHEN", of: ({ cron }) => cron },
        { title: "ZONE", of: ({ timezone }) => timezone },
        { title: "NEXT", of: ({ nextAt }) => nextAt ?? "paused" },
        {
          title: "LAST",
          of: ({ lastOutcome }) => lastOutcome?.kind,
          style: (padded, { lastOutcome }) => (lastOutcome?.kind === "refused" ? red(padded) : padded),
        },
        { title: "OUTCOME", of: ({ lastOutcome }) => sayOutcome(lastOutcome), flexible: true },
      ]);
    });

function sayOutcome(outcome: Schedule["lastOutcome"]): string | undefined {
  if (!outcome) return undefined;
  return `${outcome.kind === "submitted" ? outcome.taskId : outcome.why}, ${sayAge(outcome.at)} ago`;
}

const examples = `
Examples:
  drover schedules add nightly-audit "0 3 * * 1-5" --timezone Europe/Berlin -r https://github.com/me/project -- npm audit fix
  drover schedules add weekly-update @weekly -r https://github.com/me/project -p @update.md --dollars 3 --pull-request`;

const add = () =>
  addTaskOptions(
    new Command("add")
      .description("Has a task asked for at the times of a cron expression")
      .argument("<name>", "name of the schedule: its tasks are schedule:<name>'s")
      .argument("<cron>", "minute, hour, day, month, day of the week; or @hourly, @daily, @weekly, @monthly, @yearly")
      .argument("[command...]", "the command that does the work, after --")
      .option("--timezone <zone>", "time zone of that clock, as Europe/Berlin (default: UTC)")
      .option("--paused", "add it, and let it wait for resume"),
  )
    .addHelpText("after", examples)
    .action(async (name, cron, argv, options, command) => {
      const cli = openCli(command);
      const { timezone, paused } = options;
      const body = { name, cron, task: await toTaskRequest(argv, options), ...given({ timezone, paused }) };
      const params = { path: { workspace: await cli.workspace() } };
      const made = await ask(cli.api.POST(path, { params, body }));
      if (cli.json) return printJson(made);
      print(made.scheduleId);
      note(made.nextAt ? `It comes next at ${made.nextAt}` : "It is paused");
    });

const edit = () =>
  addTaskOptions(
    new Command("edit")
      .description("Changes the name, the times or the task of a schedule; a task is given whole, as for add")
      .argument("<schedule>", "id or name of the schedule")
      .argument("[command...]", "the command that does the work, after --")
      .option("--name <name>", "another name")
      .option("--cron <times>", "other times")
      .option("--timezone <zone>", "another time zone"),
  ).action(async (schedule, argv, { name, cron, timezone, ...work }, command) => {
    const saysTask = argv.length > 0 || Object.keys(given(work)).length > 0;
    const task = saysTask ? await toTaskRequest(argv, work) : undefined;
    const body = given({ name, cron, timezone, task });
    if (Object.keys(body).length === 0) {
      throw new CliError("Say what to change: --name, --cron, --timezone, or the whole task as in schedules add");
    }
    const cli = openCli(command);
    const changed = await ask(cli.api.PATCH(`${path}/{scheduleId}`, { params: await find(cli, schedule), body }));
    if (cli.json) printJson(changed);
    else print(`${changed.name} comes next at ${changed.nextAt ?? "no time: it is paused"}`);
  });

const turn = (act: string, description: string, paused: boolean) =>
  new Command(act)
    .description(description)
    .argument("<schedule>", "id or name of the schedule")
    .action(async (schedule, _options, command) => {
      const cli = openCli(command);
      const params = await find(cli, schedule);
      const turned = await ask(cli.api.PATCH(`${path}/{scheduleId}`, { params, body: { paused } }));
      if (cli.json) printJson(turned);
      else print(turned.nextAt ? `${turned.name} comes next at ${turned.nextAt}` : `${turned.name} is paused`);
    });

const run = () =>
  new Command("run")
    .description("Asks for a schedule's task now, beside its times, and prints its id")
    .argument("<schedule>", "id or name of the schedule")
    .option("--idempotency-key <text>", "the same key makes the same task once in a day")
    .action(async (schedule, { idempotencyKey }, command) => {
      const cli = openCli(command);
      const header = given({ "idempotency-key": idempotencyKey });
      const made = await ask(
        cli.api.POST(`${path}/{scheduleId}/run`, { params: { ...(await find(cli, schedule)), header } }),
      );
      if (cli.json) printJson(made);
      else print(made.taskId);
    });

const remove = () =>
  new Command("remove")
    .description("Removes a schedule; its tasks go on")
    .argument("<schedule>", "id or name of the schedule")
    .action(async (schedule, _options, command) => {
      const cli = openCli(command);
      const params = await find(cli, schedule);
      await ask(cli.api.DELETE(`${path}/{scheduleId}`, { params }));
      if (cli.json) printJson({ scheduleId: params.path.scheduleId });
      else print(`${schedule} is removed`);
    });

const read = async (cli: Cli) =>
  (await ask(cli.api.GET(path, { params: { path: { workspace: await cli.workspace() } } }))).schedules;

/** People know it by its name. */
async function find(cli: Cli, idOrName: string) {
  const workspace = await cli.workspace();
  if (idOrName.startsWith("sch_")) return { path: { workspace, scheduleId: idOrName } };
  const known = await read(cli);
  const found = known.find(({ name }) => name === idOrName);
  if (found) return { path: { workspace, scheduleId: found.scheduleId } };
  const names = known.map(({ name }) => name).join(", ") || "none";
  throw new CliError(`Workspace ${workspace} has no schedule ${idOrName}. It has: ${names}`);
}
