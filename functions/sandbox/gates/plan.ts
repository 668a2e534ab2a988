// Which commands are the gates of a task, by what stands on the base branch?
import { type GatePhase, phaseOf } from "../../core/gates.ts";
import type { Verdict } from "../../core/verdicts.ts";
import type { Repository } from "../../git/objects.ts";
import type { DroverConfig } from "./config.ts";
import { type Detected, detectGate, useCommand } from "./detect.ts";
import type { Project } from "./project.ts";
import { readBase } from "./read-config.ts";

export type Judgement =
  | { kind: "exit_code" }
  /** Without a report only the exit code speaks. */
  | { kind: "tests"; report: string | undefined }
  /** The first of the reports that is there. */
  | { kind: "coverage"; reports: string[]; threshold: number };

export interface GateCommand {
  gate: string;
  phase: GatePhase;
  argv: string[];
  /** Relative to the tree, and so are the paths of reports to this. */
  cwd: string;
  env: Record<string, string>;
  timeoutMs: number;
  alone: boolean;
  judgement: Judgement;
  /** For people: where the command comes from. */
  origin: string;
}

export interface GatePlan {
  /** Every gate that must speak, drover's own first: for `decideVerdicts`. */
  expected: string[];
  commands: GateCommand[];
  /** Known before anything runs: gates that are not configured. */
  settled: Verdict[];
  /** Whether `ai_review` is among the gates; it is not run here. */
  review: boolean;
  setup: string[][];
  project: Project | undefined;
  config: DroverConfig;
}

export type Planned =
  | { kind: "planned"; plan: GatePlan }
  /** The base branch says something that cannot be: for people, since no agent can mend it. */
  | { kind: "refused"; why: string };

export interface ChosenGates {
  gates: readonly string[];
  chosenBy: "request" | "agent_type";
}

const minuteMs = 60_000;
const usualTimeoutMs = new Map([
  ["typecheck", 10 * minuteMs],
  ["lint", 10 * minuteMs],
  ["integration", 30 * minuteMs],
]);
const otherTimeoutMs = 20 * minuteMs;
const usualThreshold = 85;

/** Reads the base commit only: what the agent has made of the configuration does not count. */
export async function planGates(repository: Repository, base: string, chosen: ChosenGates): Promise<Planned> {
  const read = await readBase(repository, base);
  if (read.kind === "invalid") return { kind: "refused", why: read.why };
  const { config, project } = read;
  const named = chosen.gates.filter((gate) => gate !== "ai_review");
  const found = named.map((gate) => ({ gate, command: findCommand(gate, config, project) }));
  const commands = found.flatMap(({ command }) => command ?? []);
  const settled = found.flatMap(({ gate, command }) => (command ? [] : settle(gate, chosen.chosenBy)));
  const own = commands.length > 0 ? ["tampering", "setup"] : [];
  const plan: GatePlan = {
    expected: [...own, ...chosen.gates],
    commands,
    settled,
    review: chosen.gates.includes("ai_review"),
    setup: config.setup ?? project?.setup ?? [],
    project,
    config,
  };
  return { kind: "planned", plan };
}

/** Why no work can ever pass, whatever the agent does; worth knowing before it starts. */
export function whyHopeless({ settled }: GatePlan): string | undefined {
  const missing = settled.filter(({ outcome }) => outcome === "missing");
  return missing.length === 0 ? undefined : missing.map(({ details }) => details).join(" ");
}

function findCommand(gate: string, config: DroverConfig, project: Project | undefined): GateCommand | undefined {
  const settings: DroverConfig["gates"][string] = Object.hasOwn(config.gates, gate) ? (config.gates[gate] ?? {}) : {};
  const warningsAllowed = gate === "lint" && config.gates.lint?.warnings === "allowed";
  const words = settings.command;
  const detected = words
    ? useCommand(project, words, { gate, warningsAllowed })
    : project && detectGate(project, { gate, warningsAllowed });
  if (!detected) return undefined;
  return {
    gate,
    phase: phaseOf(gate),
    argv: detected.argv,
    cwd: settings.cwd ?? ".",
    env: joinVariables(detected.env, settings.env ?? {}),
    timeoutMs: settings.timeoutMs ?? usualTimeoutMs.get(gate) ?? otherTimeoutMs,
    alone: settings.alone ?? false,
    judgement: chooseJudgement(gate, config, settings.report, detected),
    origin: detected.origin,
  };
}

/** What makes node's runner report comes by a variable that a project may well use itself. */
function joinVariables(detected: Record<string, string>, wanted: Record<string, string>): Record<string, string> {
  const options = [wanted.NODE_OPTIONS, detected.NODE_OPTIONS].filter(Boolean).join(" ");
  return { ...detected, ...wanted, ...(options && { NODE_OPTIONS: options }) };
}

function chooseJudgement(gate: string, config: DroverConfig, report: string | undefined, found: Detected): Judgement {
  if (gate === "coverage") {
    const threshold = config.gates.coverage?.threshold ?? usualThreshold;
    return { kind: "coverage", reports: report === undefined ? found.reports : [report], threshold };
  }
  const isTest = gate === "test" || gate === "integration" || report !== undefined;
  return isTest ? { kind: "tests", report: report ?? found.reports[0] } : { kind: "exit_code" };
}

/**
 * A gate that somebody asked for and that cannot be run has not passed. Those that merely come with the type of the
 * agent are left out where the project has nothing of the kind; but work without any test is never taken unseen.
 */
function settle(gate: string, chosenBy: ChosenGates["chosenBy"]): Verdict {
  const skipped = chosenBy === "agent_type" && gate !== "test";
  const remedy =
    `Give the gate "${gate}" a command in drover.yaml on the base branch (gates: { ${gate}: { command: [npm, run, ` +
    `${gate}] } }) or a script of that name in package.json, or choose other gates for the task.`;
  return {
    gate,
    phase: phaseOf(gate),
    outcome: skipped ? "skipped" : "missing",
    expected: "a command for this gate on the base branch",
    actual: skipped ? "none, and nobody asked for this gate by name" : "none",
    details: `The base branch has no command for the gate "${gate}". ${remedy}`,
    durationMs: 0,
  };
}
