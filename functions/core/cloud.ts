// What does a flow need of the world? Production passes the SDK-backed cloud, the simulation one in memory.
import type { AuditEvent } from "./audit.ts";
import type { AgentId, EventId, KeyId, PermitId, TaskId } from "./ids.ts";
import type { Attempt, Beat, Due, Task, TaskSpec } from "./task.ts";
import type { AttemptChange, SlotChange } from "./transitions.ts";

export interface Cloud {
  table: Table;
  wakeUps: WakeUps;
  sandboxes: Sandboxes;
  artifacts: Artifacts;
  credentials: Credentials;
  remotes: Remotes;
  settings: Settings;
  clock: Clock;
  ids: Ids;
}

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

export interface Ids {
  task(): TaskId;
  event(): EventId;
  permit(): PermitId;
  /** Uniform in [0, 1): jitter, choice of a slot. */
  random(): number;
}

export interface Settings {
  slots: number;
  /** Silence after which a running attempt counts as stalled. */
  leaseMs: number;
  /** How often a supervisor beats. */
  beatMs: number;
  /** How often a supervisor uploads its growing log; each upload costs a request. */
  logUploadMs: number;
  /** From the claim to the supervisor's first word. */
  launchLimitMs: number;
  /** Signs attempt tokens. */
  tokenSecret: string;
  isolation: Isolation;
  /** Where local paths are served over smart HTTP; undefined where the control plane is not on the user's machine. */
  localGit?: { url: string; secret: string };
}

export type Isolation =
  | { kind: "confined" }
  | { kind: "unconfined" }
  | { kind: "impossible"; cause: string; remedy: string };

/** One change of a task with everything that must be true together with it. */
export interface TaskChange {
  before: Task;
  after: Task;
  event: AuditEvent;
  attempt?: AttemptChange;
  slot?: SlotChange;
}

/** `stale`: somebody else changed the task. `slot_taken`: somebody else took that slot. `contended`: try again. */
export type CommitOutcome = { kind: "committed" | "stale" | "slot_taken" | "contended" };

export interface Creation {
  task: Task;
  spec: TaskSpec;
  event: AuditEvent;
  idempotency?: { key: string; bodyHash: string; expiresAt: number };
}

export interface ApiKey {
  keyId: KeyId;
  name: string;
  /** SHA-256 of the secret part, in hex. */
  secretHash: string;
  workspace: string;
  role: "member" | "workspace_admin" | "super_admin";
}

export interface Table {
  createTask(creation: Creation): Promise<{ kind: "created" } | { kind: "repeated"; taskId: TaskId; bodyHash: string }>;
  getIdempotencyRecord(
    workspace: string,
    key: string,
  ): Promise<{ taskId: TaskId; bodyHash: string; expiresAt: number } | undefined>;
  /** Strongly consistent, like every read here but `readyHead`, `dueTasks` and `listTasks`' choice of ids. */
  getTask(taskId: TaskId): Promise<Task | undefined>;
  getSpec(taskId: TaskId): Promise<TaskSpec | undefined>;
  getAttempt(agentId: AgentId): Promise<Attempt | undefined>;
  listAttempts(taskId: TaskId): Promise<Attempt[]>;
  listEvents(taskId: TaskId, afterVersion: number, limit: number): Promise<AuditEvent[]>;
  /** Newest first. `before` is the last id of the page before. */
  listTasks(workspace: string, before: TaskId | undefined, limit: number): Promise<{ tasks: Task[]; next?: TaskId }>;
  commit(change: TaskChange): Promise<CommitOutcome>;
  /** Moves the lease of a running attempt; refused once it is not running any more. */
  beat(agentId: AgentId, beat: Beat, leaseExpiresAt: number): Promise<"accepted" | "refused">;
  /** Refused once the attempt has ended: whoever launched must then stop what it started. */
  recordSandbox(agentId: AgentId, sandboxArn: string): Promise<"recorded" | "refused">;
  recordSandboxStopped(agentId: AgentId, at: number): Promise<void>;
  listWorkspaces(): Promise<string[]>;
  /** The first task ids of a workspace in the order in which they should run. */
  readyHead(workspace: string, limit: number): Promise<TaskId[]>;
  heldSlots(): Promise<{ slot: number; holder: AgentId }[]>;
  dueTasks(kind: Due["kind"], now: number, limit: number): Promise<TaskId[]>;
  /** A queued task whose waiting time is over enters the ready index. Not a change of state, so no version. */
  makeReady(task: Task): Promise<void>;
  /** Looks at an owed stop or outcome again at `at`. */
  postpone(task: Task, at: number): Promise<void>;
  getApiKey(keyId: KeyId): Promise<ApiKey | undefined>;
  putApiKey(key: ApiKey): Promise<void>;
  /** Throws when the table cannot be reached. */
  probe(): Promise<void>;
}

export interface WakeUps {
  send(taskId: TaskId): Promise<void>;
  probe(): Promise<void>;
}

export type LaunchOutcome =
  | { kind: "launched"; sandboxArn: string }
  /** Nothing was started; the task goes back without using an attempt. */
  | { kind: "no_capacity"; why: string }
  /** Nothing was started and nothing will be: a setting is wrong. */
  | { kind: "refused"; why: string };

export interface SandboxState {
  sandboxArn: string;
  agentId: AgentId | undefined;
  stopped: boolean;
}

export interface Sandboxes {
  /** Idempotent for one agentId: the same call again answers the same sandbox. Throws when the answer was lost. */
  launch(agentId: AgentId, token: string): Promise<LaunchOutcome>;
  /** Asks for the stop; never means that it has stopped. */
  stop(sandboxArn: string, reason: string): Promise<void>;
  /** Undefined: ECS does not know it (any more). */
  describe(sandboxArn: string): Promise<SandboxState | undefined>;
  findByAgent(agentId: AgentId): Promise<SandboxState[]>;
  listRunning(): Promise<SandboxState[]>;
  probe(): Promise<void>;
}

export type ArtifactKind = "log" | "diff";

export interface Artifacts {
  /** A URL that takes one PUT of that artifact for some hours. Computed, not requested. */
  uploadUrl(agentId: AgentId, kind: ArtifactKind): Promise<string>;
  read(agentId: AgentId, kind: ArtifactKind): Promise<Uint8Array | undefined>;
}

export interface Credential {
  username: string;
  token: string;
}

export interface Credentials {
  put(workspace: string, name: string, credential: Credential): Promise<void>;
  get(workspace: string, name: string): Promise<Credential | undefined>;
}

export interface RemoteAuth {
  username: string;
  password: string;
}

export type RemoteState =
  | { kind: "found"; branch: string; commit: string }
  | { kind: "not_found" | "auth_refused" | "branch_missing" | "empty" | "unreachable"; message: string };

export interface Remotes {
  inspect(url: string, auth: RemoteAuth | undefined, branch: string | undefined): Promise<RemoteState>;
  /** What a branch points at; `unknown` when the remote did not say. */
  readBranch(
    url: string,
    auth: RemoteAuth | undefined,
    branch: string,
  ): Promise<{ kind: "at"; commit: string } | { kind: "absent" } | { kind: "unknown"; message: string }>;
  deleteBranch(url: string, auth: RemoteAuth | undefined, branch: string, commit: string): Promise<boolean>;
}
