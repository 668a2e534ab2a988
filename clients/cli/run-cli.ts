// What does `drover` do with a command line, and what does it leave as exit code?
import { CommanderError, type CommandUnknownOpts } from "@commander-js/extra-typings";
import { DroverProblem } from "../client.ts";
import { CliError, type ExitCode, exitCodes } from "./exit-codes.ts";
import { note } from "./terminal.ts";

/** The exit code is left in `process.exitCode`. */
export async function runCli(program: CommandUnknownOpts, argv: readonly string[]): Promise<void> {
  // `drover ls | head` is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(exitCodes.done);
  });
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    process.exitCode = explain(error);
  }
}

function explain(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  if (error instanceof CliError) {
    note(`drover: ${error.message}`);
    return error.exitCode;
  }
  if (error instanceof DroverProblem) {
    note(`drover: ${error.message}`);
    return exitCodes.refused;
  }
  note(`drover: this is a fault of the command line itself: ${error instanceof Error ? error.stack : String(error)}`);
  return exitCodes.broken;
}
