// How does one gate run, in a copy of the tree that no other one sees?
import { posix } from "node:path";
import type { Verdict } from "../../core/verdicts.ts";
import { OutputLog } from "../output-log.ts";
import type { Workspace } from "../workspace.ts";
import { WorkspaceError } from "../workspace-error.ts";
import { judgeGate } from "./judge.ts";
import type { GateCommand } from "./plan.ts";
import { type Surroundings, treeFolder } from "./prepare-room.ts";
import { readReport } from "./read-report.ts";

export interface Judged {
  verdict: Verdict;
  /** What it printed; its middle is left out where that was too much. */
  output: Buffer;
}

export interface GateOrder {
  command: GateCommand;
  surroundings: Surroundings;
  /** No other gate of the round is there to see what this one does to the tree. */
  isOnly: boolean;
  baseTests: number | undefined;
  signal: AbortSignal;
}

const copyLimitMs = 10 * 60_000;
/** What a gate takes beside the time of its command: the copy before it, the report after it. */
export const gateOverheadMs = copyLimitMs + 5 * 60_000;
const shownCharacters = 5_000;

/** Where the file system can share blocks the copy costs little, and is a copy all the same. */
const prepareScript = `set -e; mkdir -p "$1/home" "$1/tmp"
[ "$2" = "$3" ] || cp -a --reflink=auto "$2" "$3"
cd "$3"; shift 3; rm -rf -- "$@"`;

export async function runGate(line: Workspace, order: GateOrder): Promise<Judged> {
  const { command, signal } = order;
  const log = new OutputLog();
  try {
    return { verdict: await runAndJudge(line, order, log), output: log.read() };
  } catch (error) {
    if (signal.aborted || !(error instanceof WorkspaceError)) throw error;
    return { verdict: unjudged(command, error.message), output: log.read() };
  }
}

async function runAndJudge(line: Workspace, order: GateOrder, log: OutputLog): Promise<Verdict> {
  const { command, surroundings, baseTests, signal } = order;
  const folder = `gates/${command.gate}`;
  const tree = order.isOnly ? treeFolder : `${folder}/tree`;
  const paths = reportsOf(command).map((path) => posix.join(command.cwd, path));
  // What the commit brings along as a report, or a run on another machine left there, was not made by this run.
  const copy = { argv: ["sh", "-c", prepareScript, "sh", folder, treeFolder, tree, ...paths], timeoutMs: copyLimitMs };
  const copied = await line.run(copy, (_stream, chunk) => log.write(chunk), signal);
  if (copied.exitCode !== 0) return unjudged(command, `its copy of the tree could not be made: ${log.lastText(500)}`);

  const { argv, timeoutMs } = command;
  log.note(`running ${JSON.stringify(argv)}`);
  const startedAt = performance.now();
  const env = { ...surroundings.environmentOf(folder), ...command.env };
  const cwd = posix.join(tree, command.cwd);
  const result = await line.run({ argv, env, cwd, timeoutMs }, (_stream, chunk) => log.write(chunk), signal);
  const durationMs = performance.now() - startedAt;
  const reports = [];
  for (const path of paths) reports.push(await readReport(line, tree, path, signal));
  const ending = { result, durationMs, output: log.lastText(shownCharacters), reports, baseTests };
  const verdict = judgeGate(command, ending);
  // Whoever reads this knows the tree, and not where the room has it.
  return { ...verdict, details: verdict.details.replaceAll(`${surroundings.root}/${tree}/`, "") };
}

function reportsOf({ judgement }: GateCommand): string[] {
  if (judgement.kind === "coverage") return judgement.reports;
  return judgement.kind === "tests" && judgement.report !== undefined ? [judgement.report] : [];
}

function unjudged({ gate, phase }: Pick<GateCommand, "gate" | "phase">, why: string): Verdict {
  const expected = "that the gate can be run";
  return { gate, phase, outcome: "infrastructure", expected, actual: why.slice(0, 1_000), details: "", durationMs: 0 };
}
