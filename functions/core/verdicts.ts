// What did a gate find, and is the work accepted?
import * as z from "zod";
import { type GatePhase, gatePhases } from "./gates.ts";

/**
 * `missing`: nothing was judged, because the gate is not configured, nothing ran, or its report is not there.
 * `infrastructure`: the gate could not be run, which says nothing about the work. `skipped`: not asked of this work.
 */
export const gateOutcomes = ["passed", "failed", "timed_out", "missing", "infrastructure", "skipped"] as const;
export type GateOutcome = (typeof gateOutcomes)[number];

export const maxDetailsCharacters = 6_000;
const maxWordsCharacters = 1_000;
const maxFindings = 100;
const maxFeedbackCharacters = 24_000;

/** `blocked`: the work is rejected for it. `flagged`: shown to the reviewer and to people. */
const finding = z.strictObject({
  level: z.enum(["blocked", "flagged"]),
  path: z.string().max(maxWordsCharacters),
  what: z.string().max(maxWordsCharacters),
});
export type Finding = z.output<typeof finding>;

const count = z.int().nonnegative();
const percent = z.number().min(0).max(100);

export const verdict = z.strictObject({
  gate: z.string().max(32),
  phase: z.enum(gatePhases),
  outcome: z.enum(gateOutcomes),
  expected: z.string().max(maxWordsCharacters),
  actual: z.string().max(maxWordsCharacters),
  /** What it printed or reported, cut: written by code that nobody trusts. */
  details: z.string().max(maxDetailsCharacters),
  durationMs: count,
  counts: z.strictObject({ tests: count, passed: count, failed: count, skipped: count }).optional(),
  coverage: z
    .strictObject({
      lines: percent,
      threshold: percent,
      branches: percent.optional(),
      functions: percent.optional(),
      statements: percent.optional(),
    })
    .optional(),
  findings: z.array(finding).max(maxFindings).optional(),
});
export type Verdict = z.output<typeof verdict>;

export type GateDecision =
  | { kind: "accepted" }
  /** `feedback` goes to the agent: what failed, what was expected, what was found instead. */
  | { kind: "rejected"; failed: Verdict[]; feedback: string }
  /** Try again; the agent is not to blame. */
  | { kind: "infrastructure"; gates: string[]; why: string };

/** `expected` names every gate that has to speak: silence is not consent. */
export function decideVerdicts(expected: readonly string[], verdicts: readonly Verdict[]): GateDecision {
  const failed = verdicts.filter(({ outcome }) => isRejection(outcome));
  const broken = verdicts.filter(({ outcome }) => outcome === "infrastructure");
  const silent = expected.filter((gate) => !verdicts.some((verdict) => verdict.gate === gate));
  const unjudged = [...broken.map(({ gate }) => gate), ...silent];
  if (failed.length > 0) return { kind: "rejected", failed, feedback: wordFeedback(failed, verdicts, unjudged) };
  if (unjudged.length === 0) return { kind: "accepted" };
  const reasons = [
    ...broken.map(({ gate, actual }) => `${gate}: ${actual}`),
    ...silent.map((gate) => `${gate}: silent`),
  ];
  return { kind: "infrastructure", gates: unjudged, why: reasons.join("; ") };
}

/** A verdict within its limits: what a gate printed has none. */
export function boundVerdict(loose: Verdict): Verdict {
  return {
    ...loose,
    expected: boundText(loose.expected, maxWordsCharacters),
    actual: boundText(loose.actual, maxWordsCharacters),
    details: boundText(loose.details, maxDetailsCharacters),
    durationMs: Math.max(0, Math.round(loose.durationMs)),
    ...(loose.findings && { findings: loose.findings.slice(0, maxFindings).map(boundFinding) }),
  };
}

/** The beginning and the end, where what went wrong mostly stands. */
export function boundText(text: string, maxCharacters: number): string {
  const plain = text.toWellFormed().replaceAll(colours, "").replaceAll(controls, "\ufffd");
  if (plain.length <= maxCharacters) return plain;
  const gap = "\n[…]\n";
  const half = Math.floor((maxCharacters - gap.length) / 2);
  return (plain.slice(0, half) + gap + plain.slice(-half)).toWellFormed();
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: what terminals obey is not for a reader
const colours = /\u001b\[[0-9;?]*[A-Za-z]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: all but tab and line feed
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

const isRejection = (outcome: GateOutcome) => outcome === "failed" || outcome === "timed_out" || outcome === "missing";

const boundFinding = ({ level, path, what }: Finding): Finding => ({
  level,
  path: boundText(path, maxWordsCharacters),
  what: boundText(what, maxWordsCharacters),
});

const phaseWords: Record<GatePhase, string> = { pre_commit: "before the commit", pre_push: "before the push" };
const outcomeWords: Record<GateOutcome, string> = {
  passed: "passed",
  failed: "failed",
  timed_out: "ran out of time",
  missing: "has judged nothing",
  infrastructure: "could not be run",
  skipped: "was skipped",
};

function wordFeedback(failed: readonly Verdict[], all: readonly Verdict[], unjudged: readonly string[]): string {
  const passed = all.filter(({ outcome }) => outcome === "passed").map(({ gate }) => gate);
  const head = [
    `The work was not accepted: ${failed.length} of ${all.length} gates did not pass.`,
    passed.length > 0 ? `Passed: ${passed.join(", ")}.` : "",
    unjudged.length > 0 ? `Not judged, through no fault of yours: ${unjudged.join(", ")}.` : "",
  ].filter(Boolean);
  const room = Math.floor(maxFeedbackCharacters / failed.length) - maxWordsCharacters / 2;
  return [head.join("\n"), ...failed.map((verdict) => wordVerdict(verdict, Math.max(room, 500)))].join("\n\n");
}

function wordVerdict(
  { gate, phase, outcome, expected, actual, details, findings = [] }: Verdict,
  room: number,
): string {
  const blocked = findings.filter(({ level }) => level === "blocked").map(({ path, what }) => `- ${path}: ${what}`);
  return [
    `## ${gate} ${outcomeWords[outcome]} (${phaseWords[phase]})`,
    `Expected: ${expected}`,
    `Found: ${actual}`,
    ...(blocked.length > 0 ? [boundText(blocked.join("\n"), room)] : []),
    ...(details.trim() === "" ? [] : [boundText(details.trimEnd(), room)]),
  ].join("\n");
}
