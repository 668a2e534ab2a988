// Is the work good enough to leave the sandbox?
import type { Failure } from "../core/task.ts";
import type { Repository } from "../git/objects.ts";
import type { Work } from "./collect-work.ts";
import type { Attempt, Rejection } from "./run-attempt.ts";
import { uploadArtifact } from "./upload.ts";

export type Judgement =
  /** `verdicts`: gate → outcome. */
  | { kind: "accepted"; verdicts: Record<string, string> }
  | { kind: "rejected"; rejection: Rejection }
  | { kind: "failed"; failure: Failure };

export async function judgeWork(
  attempt: Attempt,
  _repository: Repository,
  work: Extract<Work, { kind: "changed" }>,
): Promise<Judgement> {
  await reportWork(attempt, work);
  return { kind: "accepted", verdicts: {} };
}

/** running → verifying: from here on the control plane knows the commit. */
async function reportWork({ answer, plane }: Attempt, { commit, diff }: Extract<Work, { kind: "changed" }>) {
  const sum = (of: "additions" | "deletions") => diff.files.reduce((total, file) => total + file[of], 0);
  await uploadArtifact(answer.uploads.diff, Buffer.from(diff.text));
  await plane.workDone({ commit, files: diff.files.length, additions: sum("additions"), deletions: sum("deletions") });
}
