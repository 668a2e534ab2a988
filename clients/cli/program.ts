// What can be typed after `drover`? Every command that speaks to the API; what needs this machine is added by the entry.
import { Command, type CommandUnknownOpts } from "@commander-js/extra-typings";
import { backendsCommand } from "./commands/backends.ts";
import { cancelCommand, editCommand, killCommand, messageCommand, retryCommand } from "./commands/change.ts";
import { credentialsCommand, keysCommand } from "./commands/keys.ts";
import { lsCommand } from "./commands/ls.ts";
import { mcpCommand } from "./commands/mcp.ts";
import { runCommand } from "./commands/run.ts";
import { schedulesCommand } from "./commands/schedules.ts";
import { auditCommand, whoamiCommand } from "./commands/self.ts";
import { sourcesCommand } from "./commands/sources.ts";
import { killAllCommand, stopCommand, switchCommand, turnCommands } from "./commands/switches.ts";
import { diffCommand, logsCommand, showCommand } from "./commands/task.ts";
import { webhooksCommand } from "./commands/webhooks.ts";
import { exitCodeHelp } from "./exit-codes.ts";

const address = `
Where drover is, and with which key:
  --url and --key-file, or DROVER_URL and DROVER_API_KEY in the environment; without them the stack of
  drover up, by the .drover/ directory where you stand or above it.
`;

const everywhere = "\nAlso: --json, --url, --key-file, --workspace. See: drover --help";

/** `local`: commands of this machine, such as `up`. */
export function buildProgram(version: string, local: readonly CommandUnknownOpts[]): CommandUnknownOpts {
  const program = new Command("drover")
    .description("Runs coding agents in sandboxes of their own: submit a task, watch it, stop it.")
    .version(version, "-V, --version", "print the version")
    .option("--url <url>", "address of drover")
    .option("--key-file <file>", "file with the API key")
    .option("--workspace <name>", "another workspace than the key's own")
    .option("--json", "one JSON document; NDJSON where something is followed")
    .helpOption("-h, --help", "print this")
    .helpCommand(false)
    .addHelpText("after", `${address}\n${exitCodeHelp}`);
  const groups: [string, readonly CommandUnknownOpts[]][] = [
    ["Tasks:", [runCommand(), lsCommand(), showCommand(), logsCommand(), diffCommand()]],
    ["One task:", [messageCommand(), killCommand(), cancelCommand(), retryCommand(), editCommand()]],
    ["Many tasks:", [killAllCommand(), stopCommand(), ...turnCommands(), switchCommand()]],
    ["Connections:", [schedulesCommand(), sourcesCommand(), webhooksCommand()]],
    ["Administration:", [keysCommand(), credentialsCommand(), backendsCommand(), auditCommand()]],
    ["This machine:", [...local, whoamiCommand(), mcpCommand(version)]],
  ];
  for (const [group, commands] of groups) {
    for (const command of commands) program.addCommand(command.helpGroup(group));
  }
  for (const command of allCommands(program)) settle(command);
  return program;
}

export function allCommands(command: CommandUnknownOpts): CommandUnknownOpts[] {
  return [command, ...command.commands.flatMap(allCommands)];
}

export const fullName = (command: CommandUnknownOpts): string =>
  command.parent ? `${fullName(command.parent)} ${command.name()}` : command.name();

/** One line for an error, with the place to read on; the entry decides the exit code. */
function settle(command: CommandUnknownOpts): void {
  command
    .exitOverride()
    .helpOption("-h, --help", "print this")
    .helpCommand(false)
    .showHelpAfterError(`See: ${fullName(command)} --help`)
    .configureHelp({ showGlobalOptions: false, sortSubcommands: false })
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "drover: ")) });
  if (command.parent) command.addHelpText("after", everywhere);
}
