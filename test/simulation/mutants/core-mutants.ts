// What if the transition table, or a decision of the core, forgot something?
import { edit, mutant } from "./edit.ts";

const transitions = "functions/core/transitions.ts";
const endings = "functions/core/endings.ts";
const failures = "functions/core/failures.ts";
const switches = "functions/core/switches.ts";
const token = "functions/core/signing.ts";

export const coreMutants = [
  mutant("transition: the version stays", edit(transitions, "version: task.version + 1", "version: task.version")),
  mutant(
    "transition: what ended may fail again",
    edit(
      transitions,
      'attempt_failed: ["launching", "running", "verifying", "publishing"]',
      'attempt_failed: ["launching", "running", "verifying", "publishing", "failed", "killed", "completed"]',
    ),
  ),
  mutant(
    "transition: what ended may be killed again",
    edit(
      transitions,
      'killed: ["queued", "launching", "running", "verifying", "publishing"]',
      'killed: ["queued", "launching", "running", "verifying", "publishing", "completed", "failed"]',
    ),
  ),
  mutant(
    "end: the cleanup is not owed",
    edit(endings, "applied(neverLaunched ? task : { ...task, owedCleanups }, {})", "applied(task, {})"),
  ),
  mutant(
    "end: an earlier cleanup that is owed is forgotten",
    edit(endings, "[...(before.owedCleanups ?? []), { attempt: before.attempt }]", "[{ attempt: before.attempt }]"),
  ),
  mutant(
    "cleanup: that of the last attempt confirms the stop, whatever earlier ones left",
    edit(
      endings,
      "isFinal(before.status) && left.length === 0",
      "isFinal(before.status) && attempt === before.attempt",
    ),
  ),
  mutant(
    "cleanup: it may happen again",
    edit(transitions, 'if (event.type === "cleanup" && !owesCleanup(task, event.attempt))', "if (false)"),
    edit("functions/flows/clean-up.ts", "if (!owed) return", "if (false) return"),
    edit("functions/flows/clean-up.ts", "owed.slots ?? []", "owed?.slots ?? []"),
  ),
  mutant(
    "permit: the outcome is not open",
    edit(transitions, 'permittedCommits, publishOutcome: "unresolved" }', "permittedCommits }"),
  ),
  mutant(
    "end: the outcome of an earlier permit is not owed",
    edit(
      endings,
      'task.publishOutcome === "unresolved" ? { due: { kind: "outcome", at: now } } : {}',
      "task.version < 0 ? { due: { kind: 'outcome', at: now } } : {}",
    ),
  ),
  mutant(
    "end: the slots are kept",
    edit(
      endings,
      'slots: (before.slots ?? []).map((slot) => ({\n      kind: "release"',
      'slots: [].map((slot) => ({\n      kind: "release"',
    ),
  ),
  mutant(
    "claim: no slots are taken",
    edit(transitions, 'slots: slots.map((slot) => ({ kind: "take"', 'slots: [].map((slot) => ({ kind: "take"'),
  ),
  mutant(
    "completion without changes: an earlier permit's outcome is not owed",
    edit(endings, "{ noChanges: true, ...owedOutcome(before, now) }", "{ noChanges: true }"),
  ),
  mutant(
    "permit: earlier commits are forgotten",
    edit(transitions, '[...(task.permittedCommits ?? []), task.commit ?? ""]', "[]"),
  ),
  mutant(
    "failure: attempts are not counted",
    edit(failures, "if (task.attemptsUsed >= task.maxAttempts) {", "if (task.version < 0) {"),
  ),
  mutant(
    "put back: it counts as an attempt",
    edit(endings, "attemptsUsed: before.attemptsUsed - 1", "attemptsUsed: before.attemptsUsed"),
  ),
  mutant("quota: it counts as an attempt", edit(endings, "if (!after.usesAttempt) again.attemptsUsed -= 1;", "")),
  mutant("stop: the generation stays", edit(switches, "generation: now.generation + 1", "generation: now.generation")),
  mutant(
    "token: every token opens every attempt",
    edit(token, "return given.length === expected.length && timingSafeEqual(given, expected);", "return true;"),
  ),
];
