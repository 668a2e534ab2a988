// `drover kill-all`, `stop`, `release`, `pause`, `resume` …: what stops many tasks at once, and lets them go again.
import { setTimeout } from "node:timers/promises";
import { Command } from "@commander-js/extra-typings";
import type { paths } from "../../api-types.ts";
import { ask } from "../../client.ts";
import { type Cli, openCli } from "../cli.ts";
import { exitCodes } from "../exit-codes.ts";
import { printFields } from "../table.ts";
import { note, print, printJson } from "../terminal.ts";

const base = "/api/orchestrator";
type Answer200<Path extends keyof paths, Method extends "post" | "get"> = paths[Path] extends {
  [M in Method]: { responses: { 200: { content: { "application/json": infer Body } } } };
}
  ? Body
  : never;
type Operation = Answer200<"/api/orchestrator/emergency-stop", "post">;
type Switch = Answer200<"/api/orchestrator/workspaces/{workspace}/pause", "post">;

const lookEveryMs = 500;
/** A stop that takes longer goes on without us. */
const patienceMs = 60_000;
const why = "why: it goes into the audit log";

export const killAllCommand = () =>
  new Command("kill-all")
    .description("Kills every task of the workspace and admits none until somebody releases it")
    .requiredOption("--reason <text>", why)
    .addHelpText("after", '\nExample:\n  drover kill-all --reason "bad prompt" && drover release --reason "fixed"')
    .action(async ({ reason }, command) => {
      const cli = openCli(command);
      const params = { path: { workspace: await cli.workspace() } };
      await finish(
        cli,
        await ask(cli.api.POST(`${base}/workspaces/{workspace}/kill-all`, { params, body: { reason } })),
      );
    });

export const stopCommand = () =>
  new Command("stop")
    .summary("Emergency stop of every workspace")
    .description("Emergency stop: kills every task of every workspace and admits none until somebody releases it")
    .requiredOption("--reason <text>", why)
    .addHelpText(
      "after",
      '\nExample:\n  drover stop --reason "a leaked key"; drover release --everything --reason "revoked"',
    )
    .action(async ({ reason }, command) => {
      const cli = openCli(command);
      await finish(cli, await ask(cli.api.POST(`${base}/emergency-stop`, { body: { reason } })));
    });

const turns = {
  release: "Admits tasks again after kill-all, or with --everything after stop",
  pause: "Holds queued tasks back; what runs goes on",
  resume: "Lets queued tasks run again after pause",
  "forbid-yolo": "Refuses tasks that skip their gates",
  "allow-yolo": "Admits tasks that skip their gates",
} as const;

export const turnCommands = () =>
  (Object.keys(turns) as (keyof typeof turns)[]).map((act) =>
    new Command(act)
      .description(turns[act])
      .requiredOption("--reason <text>", why)
      .option("--everything", "for every workspace")
      .action(async ({ reason, everything }, command) => {
        const cli = openCli(command);
        const body = { reason };
        const turned: Switch = everything
          ? await ask(cli.api.POST(`${base}/global/${act}`, { body }))
          : await ask(
              cli.api.POST(`${base}/workspaces/{workspace}/${act}`, {
                params: { path: { workspace: await cli.workspace() } },
                body,
              }),
            );
        if (cli.json) return printJson(turned);
        print(`${turned.scope} is ${sayState(turned)}${turned.changed ? "" : ", as it was already"}`);
        if (!everything) await noteGlobal(cli);
      }),
  );

export const switchCommand = () =>
  new Command("switch")
    .description("Says whether the workspace is stopped or paused, by whom and why")
    .option("--everything", "the switch of all workspaces")
    .action(async ({ everything }, command) => {
      const cli = openCli(command);
      const found = everything
        ? await ask(cli.api.GET(`${base}/global/switch`))
        : await ask(
            cli.api.GET(`${base}/workspaces/{workspace}/switch`, {
              params: { path: { workspace: await cli.workspace() } },
            }),
          );
      if (cli.json) return printJson(found);
      printFields([
        ["Scope", found.scope],
        ["State", sayState(found)],
        ["Since", found.at],
        ["By", found.by],
        ["Reason", found.reason],
        ["Generation", found.generation],
      ]);
      if (!everything) await noteGlobal(cli);
    });

/** A workspace that is open admits nothing while everything is stopped. */
async function noteGlobal(cli: Cli): Promise<void> {
  const global: Switch = await ask(cli.api.GET(`${base}/global/switch`));
  if (!global.stopped && !global.paused) return;
  const [by, reason] = global.stopped ? [global.stoppedBy, global.stopReason] : [global.by, global.reason];
  const remedy = `drover ${global.stopped ? "release" : "resume"} --everything --reason …`;
  note(`But global is ${sayState(global)}, by ${by} (${reason}). A super admin ends that with: ${remedy}`);
}

function sayState({ stopped, paused, yoloForbidden }: Switch): string {
  const state = stopped ? "stopped: nothing is admitted" : paused ? "paused: tasks wait" : "open";
  return yoloForbidden ? `${state}, and YOLO is forbidden` : state;
}

/** The fence stands with the first answer; the kills are counted until they are done. */
export async function finish(cli: Cli, begun: Operation): Promise<void> {
  if (!cli.json) note(`${begun.scope} is stopped: from now on nothing that its tasks do is accepted`);
  let at = begun;
  for (const deadline = Date.now() + patienceMs; !at.finished && Date.now() < deadline; ) {
    await setTimeout(lookEveryMs);
    const params = { path: { operationId: begun.operationId } };
    at = await ask(cli.api.GET(`${base}/operations/{operationId}`, { params }));
  }
  if (cli.json) printJson(at);
  else {
    const { operationId, killed, failed, total = "an unknown number", remaining = "an unknown number" } = at;
    print(`${operationId}: ${killed} of ${total} killed, ${failed} failed, ${remaining} remain`);
    for (const { taskId, message } of at.errors) print(`  ${taskId}: ${message}`);
    if (!at.finished) note("The rest goes on without this command; drover ls --status running shows how far it is");
  }
  if (at.failed > 0) process.exitCode = exitCodes.failed;
}
