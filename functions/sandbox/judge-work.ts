// Is the work good enough to leave the sandbox?
import type { Failure } from "../core/task.ts";
import type { Repository } from "../git/objects.ts";
import type { Work } from "./collect-work.ts";
import { readBase } from "./gates/read-config.ts";
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
  work: Extract<Work, { kind: "changed" }>,
): Promise<Judgement> {
  const secrets = await scan(attempt, repository, work.commit);
  if (secrets) return { kind: "rejected", rejection: secrets };
  await reportWork(attempt, work);
  return { kind: "accepted", verdicts: {} };
}

/** No setting and no mode switches it off; what is allowed stands on the base branch. */
async function scan({ heartbeat, log }: Attempt, repository: Repository, commit: string) {
  heartbeat.enter("scanning for secrets", scanLimitMs);
  const base = await readBase(repository, repository.baseCommit);
  const allowed = base.kind === "base" ? base.config.secrets.allow : [];
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
async function reportWork({ answer, plane }: Attempt, { commit, diff }: Extract<Work, { kind: "changed" }>) {
  const sum = (of: "additions" | "deletions") => diff.files.reduce((total, file) => total + file[of], 0);
  await uploadArtifact(answer.uploads.diff, Buffer.from(diff.text));
  await plane.workDone({ commit, files: diff.files.length, additions: sum("additions"), deletions: sum("deletions") });
}
