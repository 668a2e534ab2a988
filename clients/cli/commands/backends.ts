// `drover backends`: where sandboxes run, whether that can be reached, and what keeps tasks away from there.
import { Command } from "@commander-js/extra-typings";
import { ask, type Backend } from "../../client.ts";
import { openCli } from "../cli.ts";
import { exitCodes } from "../exit-codes.ts";
import { collect, given, parseCount } from "../inputs.ts";
import { type Column, printTable } from "../table.ts";
import { green, print, printJson, red } from "../terminal.ts";
import { sayDuration } from "../words.ts";
import { finish } from "./switches.ts";

const path = "/api/orchestrator/backends";
const why = "why: it goes into the audit log";

export const backendsCommand = () => {
  const backends = new Command("backends")
    .description("Lists, adds, tests and revokes the places where sandboxes run")
    .addCommand(listBackends())
    .addCommand(addBackend())
    .addCommand(testBackend())
    .addCommand(revokeBackend());
  for (const act of ["release", "pause", "resume"] as const) backends.addCommand(turnBackend(act));
  return backends;
};

const columns: Column<Backend>[] = [
  { title: "NAME", of: ({ name }) => name },
  { title: "STATE", of: ({ state }) => state },
  { title: "RUNNING", of: ({ running, slots }) => (slots ? `${running}/${slots}` : running), right: true },
  {
    title: "REACHED",
    of: ({ health }) =>
      health ? `${health.reachable ? "yes" : "no"}, ${sayDuration(health.ageMs)} ago` : "not checked",
    style: (padded, { health }) => (health ? (health.reachable ? green(padded) : red(padded)) : padded),
  },
  { title: "CLUSTER", of: ({ cluster, region, endpoint }) => [cluster, region, endpoint].filter(Boolean).join(" ") },
  { title: "NOTE", of: ({ health, note }) => health?.error ?? note, flexible: true },
];

const listBackends = () =>
  new Command("ls")
    .description("Lists the backends, with what the last check found and how old that is")
    .option("--revoked", "those that were revoked, too")
    .action(async ({ revoked }, command) => {
      const cli = openCli(command);
      const query = given({ revoked: revoked ? "true" : undefined });
      const { backends } = await ask(cli.api.GET(path, { params: { query } }));
      if (cli.json) printJson({ backends });
      else printTable(backends, columns);
    });

const addBackend = () =>
  new Command("add")
    .description("Adds a backend, or brings back one that was revoked; it is checked at once")
    .argument("<name>", "name that tasks use")
    .option("--cluster <name>", "ECS cluster")
    .option("--task-definition <family>", "family of the sandbox's task definition")
    .option("--region <name>", "AWS region")
    .option("--endpoint <url>", "ECS endpoint, where it is not AWS's own")
    .option("--subnet <id>", "may be given again", collect)
    .option("--security-group <id>", "may be given again", collect)
    .option("--slots <count>", "attempts at once", parseCount)
    .option("--note <text>", "a word for people")
    .action(async (name, { subnet: subnets, securityGroup: securityGroups, ...options }, command) => {
      const cli = openCli(command);
      const body = { name, ...given({ ...options, subnets, securityGroups }) };
      const backend = await ask(cli.api.POST(path, { body }));
      if (cli.json) printJson(backend);
      else printTable([backend], columns);
    });

const testBackend = () =>
  new Command("test")
    .description("Checks now whether a backend can be reached; exit code 1 when not")
    .argument("<name>", "name of the backend")
    .action(async (name, _options, command) => {
      const cli = openCli(command);
      const health = await ask(cli.api.POST(`${path}/{name}/test`, { params: { path: { name } } }));
      if (!health.reachable) process.exitCode = exitCodes.failed;
      if (cli.json) return printJson(health);
      print(
        health.reachable ? `${name} answered in ${health.latencyMs} ms` : `${name} cannot be reached: ${health.error}`,
      );
    });

const revokeBackend = () =>
  new Command("revoke")
    .description("Revokes a backend: nothing new lands there, and its tasks are killed")
    .argument("<name>", "name of the backend")
    .requiredOption("--reason <text>", why)
    .action(async (name, { reason }, command) => {
      const cli = openCli(command);
      await finish(cli, await ask(cli.api.DELETE(`${path}/{name}`, { params: { path: { name } }, body: { reason } })));
    });

const descriptions = {
  release: "Takes tasks again, also after it was revoked",
  pause: "Holds its tasks back; what runs goes on",
  resume: "Lets its tasks run again after pause",
};

const turnBackend = (act: "release" | "pause" | "resume") =>
  new Command(act)
    .description(descriptions[act])
    .argument("<name>", "name of the backend")
    .requiredOption("--reason <text>", why)
    .action(async (name, { reason }, command) => {
      const cli = openCli(command);
      const params = { path: { name } };
      const turned = await ask(cli.api.POST(`${path}/{name}/${act}`, { params, body: { reason } }));
      if (cli.json) return printJson(turned);
      const state = turned.stopped ? "stopped" : turned.paused ? "paused" : "open";
      print(`${turned.scope} is ${state}${turned.changed ? "" : ", as it was already"}`);
    });
