// How does one commit become a branch on the remote, without ever taking away what somebody else put there?
import { whyBadBranch } from "./branch-name.ts";
import type { Repository } from "./objects.ts";
import { packNewObjects } from "./pack-new.ts";
import { changeBranch, lookBeforePush, type Refusal } from "./receive-pack.ts";
import { readRemoteBranch } from "./remote.ts";
import { callRemote, explainFailure, type GitAuth, type RemoteCall } from "./remote-call.ts";

export interface PushRequest {
  repository: Repository;
  commit: string;
  branch: string;
  url: string;
  auth?: GitAuth | undefined;
  /** What we know of the branch. A commit allows the branch to be moved from there, and from nowhere else. */
  expect: "absent" | { commit: string };
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

export type PushOutcome =
  | { kind: "pushed" }
  | { kind: "branch_exists"; at: string }
  | { kind: "rejected"; reason: "not_fast_forward" | "refused_by_server"; message: string }
  | { kind: "auth_refused"; message: string }
  /** Also when the answer was lost, so the push may have landed: read the branch back. */
  | { kind: "unreachable"; message: string };

const defaultTimeoutMs = 5 * 60_000;

export async function pushCommit(request: PushRequest): Promise<PushOutcome> {
  const whyBad = whyBadBranch(request.branch);
  if (whyBad) throw new Error(`"${request.branch}" cannot be a branch: ${whyBad}.`);
  const remote = callRemote({ ...request, timeoutMs: request.timeoutMs ?? defaultTimeoutMs });
  try {
    return await pushTo(remote, request);
  } catch (error) {
    const { kind, message } = explainFailure(error, remote);
    if (kind === "unreachable" || kind === "not_git") return { kind: "unreachable", message };
    // A host that hides what we may not write to says "not found"; the message names both possibilities.
    return { kind: "auth_refused", message };
  }
}

async function pushTo(remote: RemoteCall, request: PushRequest): Promise<PushOutcome> {
  const { repository, commit, expect } = request;
  const { refs, capabilities } = await lookBeforePush(remote);
  const at = refs.get(`refs/heads/${request.branch}`);
  if (at === commit) return { kind: "pushed" };
  const expected = expect === "absent" ? undefined : expect.commit;
  if (at !== expected) return at ? { kind: "branch_exists", at } : gone(request.branch, expected);

  const pack = await packNewObjects(repository, commit, new Set(refs.values()));
  const change = { branch: request.branch, from: expected, to: commit, pack };
  const report = await changeBranch(remote, request.auth, capabilities, change);
  if (report.kind === "done") return { kind: "pushed" };
  return (await lookAgain(request, report)) ?? report;
}

/** Somebody may have come between our look and our push; then the branch says more than the server's words. */
async function lookAgain({ expect, ...request }: PushRequest, report: Refusal): Promise<PushOutcome | undefined> {
  const now = await readRemoteBranch({ ...request, timeoutMs: defaultTimeoutMs });
  const expected = expect === "absent" ? undefined : expect.commit;
  if (now.kind === "unknown" || now.kind === "refused") return report;
  if (now.kind === "absent") return expected ? gone(request.branch, expected) : undefined;
  if (now.commit === request.commit) return { kind: "pushed" };
  return now.commit === expected ? undefined : { kind: "branch_exists", at: now.commit };
}

function gone(branch: string, expected: string | undefined): PushOutcome {
  const message = `The branch ${branch} was expected at ${expected}, and is gone. Push it as a new branch.`;
  return { kind: "rejected", reason: "not_fast_forward", message };
}
