// How does a commit get onto the remote? Choose the branch, ask for the permit, push, read the remote back.
import type { StartAnswer } from "../core/callbacks.ts";
import type { Failure } from "../core/task.ts";
import type { Repository } from "../git/objects.ts";
import { type PushOutcome, pushCommit } from "../git/push.ts";
import { readRemoteBranch } from "../git/remote.ts";
import type { ControlPlane } from "./control-plane.ts";
import { insist } from "./insist.ts";

export type Publication =
  | { kind: "pushed"; branch: string; commit: string }
  /** Nothing was pushed: people have said something that the agent has not heard. */
  | { kind: "unheard" }
  | { kind: "failed"; failure: Failure };

const maxSuffix = 20;

export async function publishWork(
  plane: ControlPlane,
  answer: StartAnswer,
  repository: Repository,
  work: { commit: string; verdicts: Record<string, string>; heard?: number | undefined },
): Promise<Publication> {
  const { commit, verdicts, heard } = work;
  const { url, auth } = answer.repository;
  const free = await findBranch(answer);
  if (free.kind === "failed") return free;
  // From the permit on a kill can no longer promise that nothing is pushed; before it, it can.
  const permit = await plane.permit({ branch: free.branch, verdicts, heard });
  if ("unheard" in permit) return { kind: "unheard" };
  const { branch } = permit;
  // Pushed again after an answer that was lost, it finds itself there.
  const push = (expect: Free["expect"]) =>
    insist(
      () => pushCommit({ repository, commit, branch, url, auth, expect }),
      ({ kind }) => kind === "unreachable",
    );
  let outcome = await push(free.expect);
  if (outcome.kind === "branch_exists" || (outcome.kind === "rejected" && outcome.reason === "not_fast_forward")) {
    // The branch has moved since we looked. If that was an earlier attempt's late push, it may still be replaced.
    const again = await findBranch(answer);
    if (again.kind === "free" && again.branch === branch) outcome = await push(again.expect);
  }
  // The remote itself has the last word: an answer may be lost, and a server may say "ok" and do otherwise.
  const now = await readBranch(answer, branch);
  if (now.kind === "at" && now.commit === commit) return { kind: "pushed", branch, commit };
  if (now.kind === "refused") return failed("poison", now.message);
  return { kind: "failed", failure: explain(outcome, branch, now.kind) };
}

type Free = { kind: "free"; branch: string; expect: "absent" | { commit: string } };

/** `drover/<taskId>`, or with a number behind it where somebody else's commit has that name. */
async function findBranch(answer: StartAnswer): Promise<Free | Extract<Publication, { kind: "failed" }>> {
  const { taskId, earlierPush } = answer;
  for (let suffix = 1; suffix < maxSuffix; suffix += 1) {
    const branch = suffix === 1 ? `drover/${taskId}` : `drover/${taskId}-${suffix}`;
    const now = await readBranch(answer, branch);
    if (now.kind === "absent") return { kind: "free", branch, expect: "absent" };
    // Another attempt would do all of the work, and be refused like this one.
    if (now.kind === "refused") return failed("poison", now.message);
    if (now.kind === "unknown")
      return failed("infrastructure", `The remote did not say whether ${branch} exists: ${now.message}`);
    if (earlierPush?.branch === branch && earlierPush.commits.includes(now.commit)) {
      return { kind: "free", branch, expect: { commit: now.commit } };
    }
  }
  return failed(
    "poison",
    `drover/${taskId} and ${maxSuffix - 2} names like it are taken on the remote. Delete some of them.`,
  );
}

const readBranch = ({ repository: { url, auth } }: StartAnswer, branch: string) =>
  insist(
    () => readRemoteBranch({ url, auth, branch }),
    ({ kind }) => kind === "unknown",
  );

function explain(outcome: PushOutcome, branch: string, remoteSays: "at" | "absent" | "unknown"): Failure {
  switch (outcome.kind) {
    case "pushed":
      return {
        class: "infrastructure",
        message: `The push of ${branch} was accepted, but the remote is "${remoteSays}" there.`,
      };
    case "branch_exists":
      return { class: "infrastructure", message: `Somebody pushed to ${branch} at the same moment.` };
    case "unreachable":
      return { class: "infrastructure", message: outcome.message };
    case "rejected":
    case "auth_refused":
      return { class: "poison", message: outcome.message };
  }
}

const failed = (failureClass: Failure["class"], message: string) =>
  ({ kind: "failed", failure: { class: failureClass, message } }) as const;
