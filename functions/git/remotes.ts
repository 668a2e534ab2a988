// What does the control plane ask of a remote? Only to look, and to take back a branch that nobody wants any more.
import type { Remotes } from "../core/cloud.ts";
import { deleteRemoteBranch } from "./delete-branch.ts";
import { inspectRemote, readRemoteBranch } from "./remote.ts";

const timeoutMs = 10_000;

export function openRemotes(): Remotes {
  return {
    inspect: (url, auth, branch) => inspectRemote({ url, auth, branch, timeoutMs }),
    readBranch: (url, auth, branch) => readRemoteBranch({ url, auth, branch, timeoutMs }),
    async deleteBranch(url, auth, branch, commit) {
      const outcome = await deleteRemoteBranch({ url, auth, branch, commit, timeoutMs });
      if ("message" in outcome) console.warn(`${branch} was not deleted (${outcome.kind}): ${outcome.message}`);
      if (outcome.kind === "unknown") return "unknown";
      return outcome.kind === "deleted" || outcome.kind === "absent" ? "gone" : "kept";
    },
  };
}
