// What is a task, and what is one attempt at it?
import type { Spend, TaskLimits } from "./budget.ts";
import type { GateProfile } from "./gates.ts";
import type { AgentId, EventId, PermitId, TaskId } from "./ids.ts";
import type { AgentType } from "./models.ts";
import type { PullRequest, PullRequestWish } from "./pull-requests.ts";

export const liveStatuses = ["launching", "running", "verifying", "publishing"] as const;
export const finalStatuses = ["completed", "failed", "killed"] as const;
export const taskStatuses = ["queued", ...liveStatuses, ...finalStatuses] as const;
export type LiveStatus = (typeof liveStatuses)[number];
export type FinalStatus = (typeof finalStatuses)[number];
export type TaskStatus = (typeof taskStatuses)[number];

export const isLive = (status: TaskStatus): status is LiveStatus =>
  (liveStatuses as readonly string[]).includes(status);
export const isFinal = (status: TaskStatus): status is FinalStatus =>
  (finalStatuses as readonly string[]).includes(status);

/** `poison`: the task cannot succeed as it was asked for, however often it is tried. */
export const failureClasses = [
  "infrastructure",
  "agent_error",
  "gate_rejection",
  "timeout",
  "budget",
  "provider_quota",
  "poison",
] as const;
export type FailureClass = (typeof failureClasses)[number];

export interface Failure {
  class: FailureClass;
  /** What was tried and what to do next, for people. At most 300 characters are kept. */
  message: string;
  /** Another try may end otherwise: a model that gave up, not a command that will do the same again. */
  repeatable?: boolean;
  /** When a provider said that it has quota again; epoch milliseconds. */
  retryAt?: number;
}

/** How it is known that no sandbox of an ended task runs any more: what the last of its cleanups found. */
export type StopConfirmation = SandboxFate | "not_needed";
/** ECS said so; it has started none, or never listed one; it has forgotten it. */
export type SandboxFate = "stopped" | "never_started" | "gone";

/** Whether our commit is on the remote: `unresolved` from the permit until the receipt, or until the remote was read. */
export type PublishOutcome = "unresolved" | "pushed" | "not_pushed" | "pushed_before_stop";

export const mergeabilities = ["clean", "conflicts", "unknown"] as const;
export type Mergeability = (typeof mergeabilities)[number];
export type MeasuredLimit = "memory" | "disk";

/** Work that some later moment owes this task; at most one at a time, found by the reaper in the `due` index. */
export type Due =
  | { kind: "ready" | "outcome" | "branch" | "pull_request"; at: number }
  /** It waits in the pool for whoever makes room there, and at the latest until `at`. */
  | { kind: "held"; at: number; pool: string };

/** An attempt that has ended, while it is not known yet that nothing of it is left. */
export interface OwedCleanup {
  attempt: number;
  /** What its end could not give back, because it was contended. */
  slots?: Slot[];
}

/** One unit of concurrency: a place in a pool. An item with this key exists while somebody holds it. */
export interface Slot {
  /** `global`, `workspace:…`, `backend:…` or `repository:…`. */
  pool: string;
  index: number;
}

export interface Generations {
  global: number;
  workspace: number;
  backend: number;
}

/** What ended a task that did not end by itself. */
export type KillCause = "kill" | "cancelled" | "kill_all" | "emergency_stop" | "backend_revoked";

/** The state of a task: what every transition reads and rewrites, so it stays under 1 KB. Times are epoch milliseconds. */
export interface Task {
  taskId: TaskId;
  workspace: string;
  /** From 1, plus one with every event; the optimistic lock. */
  version: number;
  status: TaskStatus;
  title: string;
  /** 1 to 10; 10 runs first. */
  priority: number;
  createdBy: string;
  /** The principal behind the key that made it. */
  owner: string;
  createdAt: number;
  /** From when it may run, where it was delayed or has run since: its age in the queue counts from here. */
  allowedAt?: number;
  updatedAt: number;
  /** The number of the current or last attempt; 0 before the first. */
  attempt: number;
  /** Attempts that count against `maxAttempts`; one put back by a launch that never ran does not. */
  attemptsUsed: number;
  maxAttempts: number;
  /** Milliseconds before each further attempt, instead of what the class of the failure says. */
  retryBackoffMs?: number[];
  /** The slots that the current attempt holds, one in every pool that is limited. */
  slots?: Slot[];
  /** Where its sandboxes run. */
  backend: string;
  /** Short name of its repository, for the limit per repository and for filters. */
  repositoryKey: string;
  /** The generations of the switches at admission; a stop raises one, and nothing of the task is accepted from then on. */
  admitted: Generations;
  labels?: string[];
  /** How often in a row a launch came to nothing; each waits longer than the one before. */
  putBacks?: number;
  /** How often its current attempt has reported work; work was rejected; the base branch had changed the same as it. */
  rounds?: number;
  rejections?: number;
  conflicts?: number;
  /** How many messages people have sent to its agent. */
  messages?: number;
  /** The credential of its model: while that provider is out of quota, the task waits. */
  provider?: string;
  /** Its gates are skipped, by the wish of whoever asked for it. */
  yolo?: true;
  retryOf?: TaskId;
  /** It was given up after all tries, and people were told. */
  escalated?: true;
  lastEventId: EventId;
  lastEventHash: string;
  due?: Due;
  owedCleanups?: OwedCleanup[];
  failure?: Failure;
  killed?: { by: string; reason: string; from: TaskStatus; cause: KillCause };
  permitId?: PermitId;
  /** The commit made of the agent's work, and the branch it goes to. */
  commit?: string;
  branch?: string;
  /** Every commit that a permit was given for; what stands on our branch and is not here is not ours. */
  permittedCommits?: string[];
  publishOutcome?: PublishOutcome;
  /** For a day nobody could say what became of its push, or take its branch back: people were told why. It is asked on. */
  outcomeOverdue?: { why: string };
  noChanges?: true;
  /** Whether its branch would merge into the base branch as that was when it was published. */
  merges?: Mergeability;
  pullRequest?: PullRequest;
  /** On its repository's forge: a comment there tells how it has ended. */
  issue?: { number: number };
  stopConfirmation?: StopConfirmation;
  /** The sandbox had no isolation; asked for by a flag, shown everywhere. */
  unconfined?: true;
  /** Limits of its sandbox that could be exceeded for a moment, since the kernel does not keep them on that machine. */
  measuredLimits?: MeasuredLimit[];
}

/** What was asked for, written once with the task and never changed. */
export interface TaskSpec {
  repository: string;
  /** The branch to start from; the remote's default branch when the user named none. */
  baseBranch: string;
  prompt: string;
  agent: Agent;
  /** Name of a credential of the workspace; the value is never here. */
  credential?: string;
  /** A model agent has all of them. */
  limits: TaskLimits;
  gates: { profile: GateProfile; gates: string[]; chosenBy: "request" | "agent_type" };
  /** Why its gates are skipped. */
  yolo?: { reason: string };
  /** Files that decide what the gates check, which this task may change all the same. */
  allowConfigChanges?: string[];
  pullRequest?: PullRequestWish;
}

export type Agent = CommandAgent | ModelAgent;

export interface CommandAgent {
  kind: "command";
  /** Program and arguments, run without a shell in the root of the repository. */
  command: string[];
}

export interface ModelAgent {
  kind: "model";
  type: AgentType;
  /** An id of the table in `models.ts`. */
  model: string;
  /** Named instructions that the repository brings. */
  skills?: string[];
  /** Name of the workspace's credential for the model's provider. */
  credential: string;
}

export const attemptStates = ["spawning", "running", "completed", "failed", "killed"] as const;
export type AttemptState = (typeof attemptStates)[number];

/** One try at a task. Heartbeats move its lease and nothing else, so they touch no version and no index. */
export interface Attempt {
  agentId: AgentId;
  taskId: TaskId;
  attempt: number;
  state: AttemptState;
  /** Where its sandbox is. */
  backend: string;
  slots: Slot[];
  claimedAt: number;
  /** Past this moment the attempt is overdue: launching too long, or stalled. */
  leaseExpiresAt: number;
  /** Past this moment it is ended, however alive it is: its supervisor should have done so. */
  mustEndAt?: number;
  startedAt?: number;
  endedAt?: number;
  sandboxArn?: string;
  /** When somebody else took its launch up: what one caller was answered tells nothing of the other's call. */
  relaunchedAt?: number;
  /** ECS has told its only caller that it started nothing: nothing is to be looked for. */
  neverLaunched?: true;
  /** When ECS was known to have stopped the sandbox. */
  sandboxStoppedAt?: number;
  /** Once it has ended: when it is looked at whether anything of it is left. */
  cleanupAt?: number;
  /** The first of the looks in a row at which ECS listed no sandbox of it. */
  unseenAt?: number;
  /** When nothing of it was left. */
  cleanedUpAt?: number;
  /** The number of the last message that people have sent; told to the supervisor in the answer to its beat. */
  inbox?: number;
  beat?: Beat;
  /** By hour since the epoch: what the task had spent by the last beat in it, in micro-dollars. */
  spentUntil?: Record<string, number>;
}

/** The longest output that one heartbeat carries; the whole log is an artifact. */
export const maxBeatOutputCharacters = 2_000;

/** The last heartbeat: what is done, and the end of what was printed, which is `outputLength` characters by now. */
export interface Beat {
  seq: number;
  step: string;
  stepStartedAt: number;
  output: string;
  outputLength: number;
  /** What the task has spent on models so far, over all its attempts. */
  spend?: Spend;
  /** There is a checkpoint from which a next attempt can go on. */
  checkpoint?: true;
}
