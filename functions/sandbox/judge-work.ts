// Is the work good enough to leave the sandbox? The secret scan, the gates, then somebody who has not seen it made.
import type { Failure } from "../core/task.ts";
import { decideVerdicts, type Verdict } from "../core/verdicts.ts";
import type { Repository } from "../git/objects.ts";
import type { Author } from "./author.ts";
import type { ChangedWork } from "./collect-work.ts";
import type { Court } from "./court.ts";
import { writeEvidence } from "./gates/evidence.ts";
import type { GatePlan } from "./gates/plan.ts";
import type { Judged } from "./gates/run-gate.ts";
import { longestRunMs, runGates } from "./gates/run-gates.ts";
import { judgeReview, settleWithoutReview } from "./judge-review.ts";
import type { Attempt, Rejection } from "./run-attempt.ts";
import { describeFinding, explainToAgent, summarizeFindings } from "./secrets/findings.ts";
import { scanOutgoing } from "./secrets/scan-outgoing.ts";
import { uploadArtifact } from "./upload.ts";

export type Judgement =
  /** `verdicts`: gate → outcome. */
  | { kind: "accepted"; verdicts: Record<string, string> }
  | { kind: "rejected"; rejection: Rejection }
  | { kind: "failed"; failure: Failure };

const scanLimitMs = 10 * 60_000;

export async function judgeWork(
  attempt: Attempt,
  repository: Repository,
  { author, court }: { author: Author; court: Court },
  work: ChangedWork,
): Promise<Judgement> {
  const planned = await court.plan(repository);
  if (planned.kind === "failed") return planned;
  const secrets = await scan(attempt, repository, work.commit, planned.plan);
  if (secrets) return { kind: "rejected", rejection: secrets };
  await reportWork(attempt, work);
  if (attempt.answer.yolo) return { kind: "accepted", verdicts: { yolo: "skipped" } };

  const verdicts = await hearGates(attempt, repository, court, planned.plan, work);
  const { plan } = planned;
  if (plan.review) {
    const mechanical = decideVerdicts(
      plan.expected.filter((gate) => gate !== "ai_review"),
      verdicts,
    );
    if (mechanical.kind !== "accepted") verdicts.push(settleWithoutReview());
    else {
      const review = await judgeReview(author, work, verdicts);
      // What it has cost is known before the attempt may end.
      await attempt.heartbeat.beat();
      if (review.kind === "failed") return review;
      verdicts.push(review.verdict);
    }
  }
  await court.record(work, plan, verdicts);
  return decide(plan, verdicts);
}

/** No setting and no mode switches it off; what is allowed stands on the base branch. */
async function scan({ heartbeat, log }: Attempt, repository: Repository, commit: string, plan: GatePlan) {
  heartbeat.enter("scanning for secrets", scanLimitMs);
  const { allow: allowed } = plan.config.secrets;
  const outcome = await scanOutgoing(repository, { base: repository.baseCommit, commit, allowed });
  if (outcome.kind === "clean") return undefined;
  const { findings } = outcome;
  for (const finding of findings) log.note(`secret: ${describeFinding(finding)}`);
  const rejection: Rejection = {
    by: "secret_scan",
    why: summarizeFindings(findings),
    feedback: explainToAgent(findings),
  };
  return rejection;
}

/** running → verifying: from here on the control plane knows the commit. */
async function reportWork({ answer, plane }: Attempt, { commit, diff }: ChangedWork): Promise<void> {
  const sum = (of: "additions" | "deletions") => diff.files.reduce((total, file) => total + file[of], 0);
  await uploadArtifact(answer.uploads.diff, Buffer.from(diff.text));
  await plane.workDone({ commit, files: diff.files.length, additions: sum("additions"), deletions: sum("deletions") });
}

async function hearGates(
  { answer, commandEnvironment: environment, heartbeat, log }: Attempt,
  repository: Repository,
  court: Court,
  plan: GatePlan,
  { commit }: ChangedWork,
): Promise<Verdict[]> {
  if (plan.commands.length === 0) return [...plan.settled];
  const { room, baseTests } = await court.open(repository, plan);
  heartbeat.enter("running the gates", longestRunMs(plan));
  const judged: Judged[] = [];
  const verdicts = await runGates({
    room,
    repository,
    base: repository.baseCommit,
    commit,
    plan,
    environment,
    allowConfigChanges: answer.allowConfigChanges,
    baseTests,
    onVerdict(verdict, output) {
      const { gate, outcome, actual } = verdict;
      log.note(`gate ${gate}: ${outcome}${actual ? `, ${actual}` : ""}`);
      judged.push({ verdict, output });
    },
    // Whatever stops an attempt ends this process.
    signal: new AbortController().signal,
  });
  await uploadArtifact(answer.uploads.gates, writeEvidence(judged));
  return verdicts;
}

function decide(plan: GatePlan, verdicts: readonly Verdict[]): Judgement {
  const summary = Object.fromEntries(verdicts.map(({ gate, outcome }) => [gate, outcome]));
  const decision = decideVerdicts(plan.expected, verdicts);
  switch (decision.kind) {
    case "accepted":
      return { kind: "accepted", verdicts: summary };
    case "infrastructure":
      return { kind: "failed", failure: { class: "infrastructure", message: `Gates could not run: ${decision.why}` } };
    case "rejected": {
      const { failed, feedback } = decision;
      const by = failed.every(({ gate }) => gate === "ai_review") ? "review" : "gates";
      const why = failed.map(({ gate, outcome, actual }) => `${gate} ${outcome}: ${actual}`).join("; ");
      return {
        kind: "rejected",
        rejection: { by, why: why.slice(0, 1_000).toWellFormed(), feedback, verdicts: summary },
      };
    }
  }
}
