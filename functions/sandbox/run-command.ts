// How does the command agent work? One command in the workspace, without a shell, with a time limit.
import { constants } from "node:os";
import type { Failure } from "../core/task.ts";
import type { RunResult } from "./protocol.ts";
import type { Attempt } from "./run-attempt.ts";

/** Beats go on this much longer than the command may run, so that its own limit is what ends it. */
const graceMs = 30_000;
const shownOutputCharacters = 160;
const searchedCharacters = 2_000;

export async function runCommand(attempt: Attempt, command: readonly string[]): Promise<Failure | undefined> {
  const { answer, workspace, heartbeat, log, commandEnvironment: env } = attempt;
  const timeoutMs = answer.limits.wallClockMs;
  heartbeat.enter("running the command", timeoutMs + graceMs);
  log.note(`running ${JSON.stringify(command)}`);
  const since = log.length;
  const result = await workspace.run({ argv: [...command], env, timeoutMs }, (_stream, chunk) => log.write(chunk));
  return judge(result, command[0] ?? "", timeoutMs, (characters) => log.lastText(characters, since));
}

type LastText = (characters: number) => string;

function judge(result: RunResult, program: string, timeoutMs: number, lastText: LastText): Failure | undefined {
  if (result.startFailure === "not_found") {
    return poison(
      `The command "${program}" does not exist in the sandbox. Name a program that is installed there or in the ` +
        "repository; it is started without a shell, so shell syntax needs [sh, -c, …].",
    );
  }
  if (result.startFailure) return poison(`The command "${program}" could not be started: ${result.startFailure}.`);
  if (result.timedOut) {
    return { class: "timeout", message: `The command ran longer than its limit of ${timeoutMs} ms and was killed.` };
  }
  if (result.exitCode === 0) return undefined;
  const end = result.signal ? `was ended by ${result.signal}` : `ended with exit code ${result.exitCode}`;
  const shown = lastText(shownOutputCharacters);
  const said = shown === "" ? "It printed nothing." : `Its last output: ${shown}`;
  const message = `The command "${program}" ${end}${explainLimit(result, lastText(searchedCharacters))}. ${said}`;
  return { class: "agent_error", message };
}

/** A shell tells of its child's signal by 128 and the number. */
const fileTooLarge = ({ signal, exitCode }: RunResult) =>
  signal === "SIGXFSZ" || exitCode === 128 + constants.signals.SIGXFSZ;

/** Of these the kernel tells nobody but the program itself, which mostly passes on its words. */
const passedOn = [
  {
    words: /\bEFBIG\b|file too large/i,
    what: ", and it says that a file grew larger than a file may be in the sandbox",
  },
  { words: /\bEMFILE\b|too many open files/i, what: ", and it says that it had too many files open for the sandbox" },
];
const ownLines = /^\[drover\].*$/gm;

function explainLimit(result: RunResult, lastWords: string): string {
  if (result.diskFull) return ", and the sandbox's disk is full";
  if (fileTooLarge(result)) return ", since a file grew larger than a file may be in the sandbox";
  const said = lastWords.replaceAll(ownLines, "");
  return passedOn.find(({ words }) => words.test(said))?.what ?? "";
}

const poison = (message: string): Failure => ({ class: "poison", message });
