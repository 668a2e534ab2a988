// Which commands has `drover`? Those of the API, and those of this machine, where the stack is in reach.
import { existsSync, readFileSync } from "node:fs";
import tab from "@bomb.sh/tab/commander";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { Command } from "commander";
import { buildProgram } from "../../clients/cli/program.ts";
import { doctorCommand } from "./doctor.ts";
import { upCommand } from "./up.ts";
import { verifyCommand } from "./verify.ts";

export function makeProgram(): CommandUnknownOpts {
  const program = buildProgram(readVersion(), [upCommand(), doctorCommand(), verifyCommand()]);
  tab(program as Command, { completionCommandName: "completion" });
  const completion = program.commands.find((command) => command.name() === "completion");
  completion?.description("Prints the completion script of a shell").helpGroup("This machine:");
  return program;
}

/** The package's own file stands above this one; built, it is a directory deeper. */
function readVersion(): string {
  for (const up of ["../../package.json", "../../../package.json"]) {
    const file = new URL(up, import.meta.url);
    if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")).version;
  }
  throw new Error("drover's package.json is missing");
}
