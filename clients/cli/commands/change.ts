// `drover message`, `kill`, `cancel`, `retry`, `edit`: what a person does to one task.
import { Command } from "@commander-js/extra-typings";
import type { paths } from "../../api-types.ts";
import { ask } from "../../client.ts";
import { openCli } from "../cli.ts";
import { exitCodeOf, followTask, printEnd } from "../follow.ts";
import { collect, given, parseCount, parseDollars, parseDurationMs, readText } from "../inputs.ts";
import { print, printJson, printJsonLine } from "../terminal.ts";

type TaskEdit = paths["/api/orchestrator/tasks/{taskId}"]["patch"]["requestBody"]["content"]["application/json"];

export const messageCommand = () =>
  new Command("message")
    .description("Says something to the agent of a task; it hears it before its next turn")
    .argument("<task>", "id of the task")
    .argument("<text>", "what to say; - reads it from the standard input, @file from a file")
    .addHelpText("after", '\nExample:\n  drover message tsk_… "Leave the parser alone"')
    .action(async (taskId, text, _options, command) => {
      const cli = openCli(command);
      const body = { text: await readText(text, "The message") };
      const path = { taskId };
      const sent = await ask(cli.api.POST("/api/orchestrator/tasks/{taskId}/messages", { params: { path }, body }));
      if (cli.json) printJson(sent);
      else print(`Message ${sent.number} is there. The agent hears it before its next turn.`);
    });

export const killCommand = () =>
  new Command("kill")
    .description("Kills a task now: from this moment on nothing that it does is accepted")
    .argument("<task>", "id of the task")
    .requiredOption("--reason <text>", "why: it goes into the audit log")
    .addHelpText("after", '\nExample:\n  drover kill tsk_… --reason "went astray"')
    .action(async (taskId, { reason }, command) => {
      const cli = openCli(command);
      const path = { taskId };
      const killed = await ask(
        cli.api.POST("/api/orchestrator/tasks/{taskId}/kill", { params: { path }, body: { reason } }),
      );
      if (cli.json) return printJson(killed);
      const stop = {
        not_needed: "Nothing of it was running.",
        requested: `Its sandbox was told to stop; drover show ${taskId} says when that is confirmed.`,
        pending: `Its sandbox is being stopped; drover show ${taskId} says when that is confirmed.`,
      }[killed.stop];
      print(`${taskId} is killed. ${stop}`);
    });

export const cancelCommand = () =>
  new Command("cancel")
    .description("Withdraws a task that is still queued")
    .argument("<task>", "id of the task")
    .option("--reason <text>", "why: it goes into the audit log")
    .action(async (taskId, { reason }, command) => {
      const cli = openCli(command);
      const params = { path: { taskId } };
      const task = await ask(
        cli.api.POST("/api/orchestrator/tasks/{taskId}/cancel", { params, body: given({ reason }) }),
      );
      if (cli.json) printJson(task);
      else print(`${taskId} is withdrawn. Ask again: drover retry ${taskId}`);
    });

export const retryCommand = () =>
  new Command("retry")
    .description("Asks again for what a failed or killed task asked for, as a new task")
    .argument("<task>", "id of the task")
    .option("-f, --follow", "follow the new task to its end, as run does")
    .action(async (taskId, { follow }, command) => {
      const cli = openCli(command);
      const task = await ask(cli.api.POST("/api/orchestrator/tasks/{taskId}/retry", { params: { path: { taskId } } }));
      if (!follow) return cli.json ? printJson(task) : print(task.taskId);
      if (cli.json) printJsonLine({ kind: "submitted", task });
      else print(`${task.taskId} asks again for what ${taskId} asked for`);
      const ended = await followTask(cli, task.taskId, { events: true });
      if (cli.json) printJsonLine({ kind: "task", task: ended });
      else printEnd(ended);
      process.exitCode = exitCodeOf(ended);
    });

export const editCommand = () =>
  new Command("edit")
    .description("Changes a task that is still queued")
    .argument("<task>", "id of the task")
    .option("--title <text>", "title")
    .option("-p, --prompt <text>", "prompt; - reads it from the standard input, @file from a file")
    .option("--priority <1-10>", "10 runs first", parseCount)
    .option("-l, --label <name>", "these labels instead; may be given again", collect)
    .option("--max-attempts <count>", "attempts after failures that are not the agent's", parseCount)
    .option("--profile <name>", "gates: strict, standard, minimal or none")
    .option("--gates <names>", "these gates instead of a profile", collect)
    .option("--not-before <time>", "begin at a time, as 2026-12-01T08:00:00Z; one that is over lets it run now")
    .option("--dollars <amount>", "budget in dollars", parseDollars)
    .option("--time <duration>", "time for one attempt, as 10m or 2h", parseDurationMs)
    .option(
      "--version-read <number>",
      "change it only if it is still at this version (default: as it is now)",
      parseCount,
    )
    .addHelpText("after", "\nExample:\n  drover edit tsk_… --priority 9 --label urgent")
    .action(async (taskId, options, command) => {
      const cli = openCli(command);
      const params = { path: { taskId } };
      const { profile, gates, notBefore, dollars, time: wallClockMs, versionRead } = options;
      const version = versionRead ?? (await ask(cli.api.GET("/api/orchestrator/tasks/{taskId}", { params }))).version;
      const body = given({
        version,
        title: options.title,
        prompt: options.prompt === undefined ? undefined : await readText(options.prompt, "The prompt"),
        priority: options.priority,
        labels: options.label,
        maxAttempts: options.maxAttempts,
        notBefore,
        gates: profile || gates ? given({ profile, gates }) : undefined,
        limits: dollars || wallClockMs ? given({ dollars, wallClockMs }) : undefined,
      }) as TaskEdit;
      const task = await ask(cli.api.PATCH("/api/orchestrator/tasks/{taskId}", { params, body }));
      if (cli.json) printJson(task);
      else print(`${taskId} is changed, and now at version ${task.version}`);
    });
