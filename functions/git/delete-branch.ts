// How is a branch that nobody wants any more taken back? Only while it still points at our commit.
import { changeBranch, lookBeforePush } from "./receive-pack.ts";
import { callRemote, explainFailure, type GitAuth } from "./remote-call.ts";

export type DeleteOutcome =
  | { kind: "deleted" }
  | { kind: "absent" }
  /** Somebody built on it, so it is theirs now. */
  | { kind: "moved"; at: string }
  | { kind: "refused"; message: string }
  | { kind: "unknown"; message: string };

export async function deleteRemoteBranch(options: {
  url: string;
  auth?: GitAuth | undefined;
  branch: string;
  commit: string;
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
}): Promise<DeleteOutcome> {
  const remote = callRemote(options);
  try {
    const { refs, capabilities } = await lookBeforePush(remote);
    const at = refs.get(`refs/heads/${options.branch}`);
    if (!at) return { kind: "absent" };
    if (at !== options.commit) return { kind: "moved", at };
    const change = { branch: options.branch, from: at, to: undefined };
    const report = await changeBranch(remote, options.auth, capabilities, change);
    return report.kind === "done" ? { kind: "deleted" } : { kind: "refused", message: report.message };
  } catch (error) {
    return { kind: "unknown", message: explainFailure(error, remote).message };
  }
}
