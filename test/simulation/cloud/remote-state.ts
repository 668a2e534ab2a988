// What stands on the git remote? Branches, and every push that ever landed: the truth that outcomes are held against.
import type { TaskId } from "../../../functions/core/ids.ts";

export interface Push {
  branch: string;
  commit: string;
  agentId: string;
  taskId: TaskId;
  at: number;
}

const foreignCommit = "f".repeat(40);

export class RemoteState {
  readonly branches = new Map<string, string>();
  readonly pushes: Push[] = [];
  /** Branches that drover took back. */
  readonly deleted = new Set<string>();

  /** Compare and swap, as git does it; `expect` is undefined for a branch that must not be there. */
  push(push: Push, expect: string | undefined): "pushed" | "branch_exists" {
    const at = this.branches.get(push.branch);
    if (at === push.commit) return "pushed";
    if (at !== expect) return "branch_exists";
    this.branches.set(push.branch, push.commit);
    this.pushes.push(push);
    return "pushed";
  }

  /** Somebody else puts a commit of theirs there. */
  take(branch: string): void {
    this.branches.set(branch, foreignCommit);
  }

  delete(branch: string, commit: string): boolean {
    const at = this.branches.get(branch);
    if (at === undefined) return true;
    if (at !== commit) return false;
    this.deleted.add(branch);
    return this.branches.delete(branch);
  }
}
