// What can happen to a task, and what else is written with it?
import type { AgentId, PermitId } from "./ids.ts";
import type { Attempt, Failure, KillCause, Mergeability, PublishOutcome, SandboxFate, Slot, Task } from "./task.ts";

export type TaskEvent =
  | ({ type: "edited"; fields: string[] } & Partial<
      Pick<Task, "title" | "priority" | "labels" | "maxAttempts" | "allowedAt" | "due">
    >)
  | { type: "claimed"; slots: Slot[]; leaseMs: number }
  /** `neverLaunched`: it is certain that no sandbox was started. `hasNotBegun`: its word was taken, and nobody told it its task. */
  | { type: "put_back"; why: string; notBefore: number; neverLaunched?: true; hasNotBegun?: true }
  /** `limitMs`: after that long it is ended from outside. */
  | { type: "started"; leaseMs: number; limitMs: number }
  | { type: "work_done"; commit: string; files: number; additions: number; deletions: number }
  /** `by`: what rejected it. `verdicts`: gate → outcome. */
  | { type: "rejected"; by: RejectedBy; why: string; verdicts?: Record<string, string> }
  | { type: "conflicted"; paths: string[] }
  /** A person said something to the agent; the text stands in an item of its own. */
  | { type: "message_sent"; textHash: string }
  | { type: "permit_granted"; permitId: PermitId; branch: string; verdicts?: Record<string, string> }
  | {
      type: "completed";
      result: { kind: "pushed"; branch: string; commit: string; merge?: Merge } | { kind: "no_changes" };
    }
  | { type: "attempt_failed"; failure: Failure; neverLaunched?: true }
  | { type: "expired"; why: string }
  /** drover itself cannot handle it: a person must look. */
  | { type: "given_up"; why: string }
  | { type: "killed"; reason: string; by: string; cause: KillCause }
  /** Nothing of an ended attempt is left; `sandbox` is how that is known of its sandbox, `sandboxArn` which one it was. */
  | {
      type: "cleanup";
      attempt: number;
      sandbox: SandboxFate;
      sandboxArn?: string;
      slots: "released" | "given_up";
      isFolderLeft?: true;
    }
  /** `takeBack`: the branch is unwanted, and its removal is owed from now on. */
  | { type: "outcome_resolved"; outcome: PublishOutcome; takeBack: boolean }
  | { type: "branch_taken_back"; deleted: boolean }
  /** Either of the two is owed for a day: people are told, and it is asked on. */
  | { type: "outcome_overdue"; why: string; notBefore: number }
  /** `reused`: somebody had opened one from the branch already; maybe an earlier try of ours. */
  | { type: "pull_request_opened"; url: string; number: number; reused: boolean }
  | { type: "pull_request_delayed"; why: string; tries: number; notBefore: number }
  | { type: "pull_request_failed"; why: string; tries: number };

/** Into the tip of the base branch; `paths` are those in conflict. */
export interface Merge {
  kind: Mergeability;
  tip?: string;
  paths?: string[];
}

/** A secret in the outgoing commit, gates that did not pass, a review that did not approve, or a person who has spoken meanwhile. */
export const rejecters = ["secret_scan", "gates", "review", "message"] as const;
export type RejectedBy = (typeof rejecters)[number];

/** What else the same transaction writes. A slot names its holder, so a double release is impossible. */
export type AttemptChange =
  | { kind: "open"; attempt: Attempt }
  /**
   * What is set to undefined is removed. `ifLeaseAt`: only while the lease is the one that was read, so that a beat in
   * between wins. What is set to have never been launched may not have been taken up by somebody else meanwhile.
   */
  | { kind: "set"; agentId: AgentId; set: Partial<Attempt>; ifLeaseAt?: number };
/** The workspace stands in the slot, so that the slots alone tell how much each workspace has running. */
export type SlotChange = { kind: "take" | "release"; slot: Slot; holder: AgentId; workspace: string };

export interface Applied {
  kind: "applied";
  task: Task;
  /** The facts for the audit log. */
  data: Record<string, unknown>;
  attempt?: AttemptChange;
  slots?: SlotChange[];
}

/** `stopped`: a stop covers the task; its own kill is on the way. */
export type Refused = { kind: "refused"; code: "task_ended" | "illegal_transition" | "stopped"; reason: string };
