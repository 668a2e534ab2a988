// What does the reviewer's answer mean as a verdict of a gate?
import type { Failure } from "../core/task.ts";
import { boundVerdict, type Verdict } from "../core/verdicts.ts";
import type { ChangedFile } from "../git/diff-commits.ts";
import type { Judgement as Opinion } from "./agent/review.ts";
import type { Author } from "./author.ts";
import type { Work } from "./collect-work.ts";

const gate = { gate: "ai_review", phase: "pre_push" } as const;
const expected = "approved, and done as the task asks, each with a confidence of at least 0.9";

const mostNamedBytes = 1024 * 1024;

/** Asked last: what the gates reject is not worth a call. */
export const settleWithoutReview = (): Verdict => ({
  ...gate,
  outcome: "skipped",
  expected,
  actual: "not asked, since other gates have not passed",
  details: "",
  durationMs: 0,
});

export async function judgeReview(
  author: Author,
  { diff }: Extract<Work, { kind: "changed" }>,
  verdicts: readonly Verdict[],
): Promise<{ kind: "judged"; verdict: Verdict } | { kind: "failed"; failure: Failure }> {
  const startedAt = performance.now();
  const notes = verdicts.flatMap(({ findings = [] }) => findings.map(({ path, what }) => `${path}: ${what}`));
  const hidden = diff.files.filter(hidesContent);
  const named = hidden.flatMap(({ path, status, medium }) => (isHarmless(medium) ? [{ path, status, ...medium }] : []));
  const unseen = hidden.filter(({ medium }) => !isHarmless(medium)).map(({ path }) => path);
  const outcome = await author.review?.({ diff: diff.text, leftOut: [...diff.leftOut, ...unseen], named, notes });
  if (!outcome) {
    const message = "The gate ai_review needs a model, and this task runs a command. Choose other gates for it.";
    return { kind: "failed", failure: { class: "poison", message } };
  }
  if (outcome.kind === "failed") return outcome;
  if (outcome.kind === "stopped") throw new Error("the review was stopped");
  const { review, completion, findings } = outcome;
  const passed = review.approved && completion.approved;
  const details = findings.map(
    ({ severity, file, line, problem }) => `- ${severity}: ${file}${line === null ? "" : `:${line}`}: ${problem}`,
  );
  const verdict = boundVerdict({
    ...gate,
    outcome: passed ? "passed" : "failed",
    expected,
    actual: `${word("the change", review)}; ${word("the task", completion)}`,
    details: details.join("\n"),
    durationMs: performance.now() - startedAt,
  });
  return { kind: "judged", verdict };
}

/** The two reasons are kept apart: good work may miss the task, and bad work may do it. */
const word = (what: string, { approved, confidence, why }: Opinion) =>
  `${what}: ${approved ? "approved" : "not approved"} (${confidence}): ${why}`;

/** One NUL makes a file binary, and of such a change the diff has the name only. Of a deletion that is enough. */
const hidesContent = ({ binary, status }: ChangedFile) => binary && (status === "added" || status === "modified");

/** Of a picture or the like, name, kind and size are enough to say whether it belongs there. */
const isHarmless = (medium: ChangedFile["medium"]): medium is NonNullable<ChangedFile["medium"]> =>
  medium !== undefined && medium.bytes <= mostNamedBytes;
