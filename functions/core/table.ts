// What does drover keep, and what may be asked of where it is kept?
import type { AuditAct, AuditEvent, FeedPosition } from "./audit.ts";
import type { Backend, BackendHealth, KeptBackends } from "./backends.ts";
import type { DigestRecord } from "./digest.ts";
import type { AttemptChange, SlotChange } from "./events.ts";
import type { AgentId, KeyId, TaskId } from "./ids.ts";
import type { IntakeOutcome } from "./intake.ts";
import type { Message } from "./message.ts";
import type { Webhook, WebhookId } from "./notices.ts";
import type { Operation } from "./operations.ts";
import type { ProviderPause } from "./provider-pause.ts";
import type { ReadyTask } from "./ready-order.ts";
import type { Schedule, ScheduleId } from "./schedules.ts";
import type { HeldSlot } from "./slots.ts";
import type { Source, SourceId } from "./sources.ts";
import type { Hour } from "./spending.ts";
import type { Switch, Switches } from "./switches.ts";
import {
  type Attempt,
  type Beat,
  type Due,
  type FinalStatus,
  isLive,
  type Slot,
  type Task,
  type TaskSpec,
  type TaskStatus,
} from "./task.ts";
import type { TaskCounts } from "./task-counts.ts";
import type { WaitingTask } from "./waiting-order.ts";
import type { Watch } from "./watch.ts";

/** One change of a task with everything that must be true together with it. */
export interface TaskChange {
  before: Task;
  after: Task;
  event: AuditEvent;
  /** Only for an edit of what was asked for. */
  spec?: TaskSpec;
  message?: Message;
  /** What the attempt that is cleaned up has spent, by hour, in micro-dollars. */
  spent?: ReadonlyMap<number, number>;
  attempt?: AttemptChange;
  slots?: SlotChange[];
  /** The switches must still have the generations that the task was admitted under. */
  fenced: boolean;
}

/**
 * `stale`: somebody else changed the task. `fenced`: a stop covers it. `slot_taken`: somebody else took that slot.
 * `contended`: look whether it was written all the same, and try again.
 */
export type CommitOutcome = { kind: "committed" | "stale" | "fenced" | "slot_taken" | "contended" };

/** `inbox`: the number of the last message that the agent should have heard. */
export type BeatOutcome = { kind: "accepted"; inbox: number } | { kind: "refused" };

/**
 * `repeated`: the idempotency key has made a task before. `fenced`: a switch is not any more as the task was admitted
 * under. `decided`: there is an outcome of its message. `contended`: try the very same again, which answers `created` if
 * it was written after all. Nothing was written by any of the others.
 */
export type CreateOutcome =
  | { kind: "created" | "contended" | "fenced" | "decided" | "crowded" }
  | { kind: "repeated"; taskId: TaskId; bodyHash: string };

export interface Creation {
  task: Task;
  spec: TaskSpec;
  event: AuditEvent;
  idempotency?: { key: string; bodyHash: string; expiresAt: number };
  /** Of the message that asks for it: there is none yet. */
  intakeOutcome?: IntakeOutcome;
  /** Where the limit of the queue is near: the gate of the counts that admitted it. */
  gate?: number;
}

export const roles = ["member", "workspace_admin", "super_admin"] as const;
export type Role = (typeof roles)[number];

/** What an act may change together with its entry in the audit log. */
export type ActWrite =
  | { kind: "switch"; next: Switch }
  | { kind: "api_key"; key: ApiKey }
  | { kind: "operation"; operation: Operation }
  | { kind: "backend"; backend: Backend }
  | { kind: "webhook"; webhook: Webhook }
  | { kind: "webhook_removed"; workspace: string; webhookId: WebhookId }
  | { kind: "source"; source: Source }
  | { kind: "source_removed"; workspace: string; sourceId: SourceId }
  /** Its version is one more than the one it was decided on. */
  | { kind: "schedule"; schedule: Schedule }
  | { kind: "schedule_removed"; workspace: string; scheduleId: ScheduleId }
  | { kind: "provider_resumed"; workspace: string; credential: string }
  /** There is none of this message yet. */
  | { kind: "intake_outcome"; outcome: IntakeOutcome };

/** Kills have a limit of their own, so that nobody is too busy to stop something. */
export type RequestKind = "normal" | "kill";
/** Whose requests are counted. */
export type Caller = KeyId | SourceId;

export interface ApiKey {
  keyId: KeyId;
  name: string;
  /** Who it speaks for; stays the same when a key is replaced by a new one. */
  principal: string;
  /** SHA-256 of the secret part, in hex. */
  secretHash: string;
  workspace: string;
  role: Role;
  createdAt: number;
  revokedAt?: number;
  /** Instead of the setting. */
  requestsPerMinute?: number;
}

export interface TaskPage {
  /** The last id of the page before. */
  before?: TaskId;
  /** Ids before this one are left out. */
  since?: TaskId;
  limit: number;
  phase?: Phase;
}

/** Delays and retries apart from what waits in a pool, so that neither hides the other. */
export type WaitingKind = "ready" | "held";
export type OwedKind = Exclude<Due["kind"], WaitingKind>;

/** Tasks are listed apart by it: the few that are live are not looked for among all that wait. */
export type Phase = ActivePhase | FinalStatus;
export type ActivePhase = "queued" | "live";

export const phaseOf = (status: TaskStatus): Phase => (isLive(status) ? "live" : status);

export interface Table {
  createTask(creation: Creation): Promise<CreateOutcome>;
  getIdempotencyRecord(
    workspace: string,
    key: string,
  ): Promise<{ taskId: TaskId; bodyHash: string; expiresAt: number } | undefined>;
  /** Strongly consistent, like every read here but `readyAfter`, `readyHead`, `heldAfter`, `waitingAfter`, `dueTasks`, `dueSchedules` and `listTasks`' choice of ids. */
  getTask(taskId: TaskId): Promise<Task | undefined>;
  /** Each once, in any order; those that do not exist are left out. */
  getTasks(taskIds: TaskId[]): Promise<Task[]>;
  getSpec(taskId: TaskId): Promise<TaskSpec | undefined>;
  getAttempt(agentId: AgentId): Promise<Attempt | undefined>;
  /** As `getTasks`. */
  getAttempts(agentIds: AgentId[]): Promise<Attempt[]>;
  listAttempts(taskId: TaskId): Promise<Attempt[]>;
  listEvents(taskId: TaskId, afterVersion: number, limit: number): Promise<AuditEvent[]>;
  /** Newest first. */
  listTasks(workspace: string, page: TaskPage): Promise<{ tasks: Task[]; next?: TaskId }>;
  /** Events of all tasks of a workspace until a moment, oldest first; from an index, which lags. */
  listFeed(workspace: string, from: FeedPosition, until: number, limit: number): Promise<AuditEvent[]>;
  commit(change: TaskChange): Promise<CommitOutcome>;
  /** Oldest first, from the one after number `after`; at most 100. */
  listMessages(taskId: TaskId, after: number): Promise<Message[]>;
  /** Moves the lease of a running attempt, and marks what its task has spent by `at`; refused once it is not running any more. */
  beat(agentId: AgentId, beat: Beat, leaseExpiresAt: number, at: number): Promise<BeatOutcome>;
  /** Refused once the attempt has ended: whoever launched must then stop what it started. */
  recordSandbox(agentId: AgentId, sandboxArn: string): Promise<"recorded" | "refused">;
  /** False once its sandbox is recorded or it has spoken or ended: then nobody may launch it again. */
  takeUpLaunch(agentId: AgentId, at: number): Promise<boolean>;
  /** Attempts that owe their cleanup and are to be looked at; read from the index, which lags. */
  dueCleanups(now: number, limit: number): Promise<AgentId[]>;
  /** Looks again at `at`; nothing happens if it is cleaned up already. Without `unseenAt` earlier looks do not count. */
  postponeCleanup(agentId: AgentId, at: number, unseenAt: number | undefined): Promise<void>;
  /** What the last round of the reaper that looked at leases has left. */
  getWatch(): Promise<Watch | undefined>;
  putWatch(watch: Watch): Promise<void>;
  /** By name: all, or up to `limit` behind one. */
  listWorkspaces(after?: string, limit?: number): Promise<string[]>;
  /** Ready tasks of all workspaces behind a position, in the order of `core/ready-order.ts`; from an index, which lags. */
  readyAfter(after: string, limit: number): Promise<ReadyTask[]>;
  /** The first task ids of a workspace in the order in which they should run. */
  readyHead(workspace: string, limit: number): Promise<TaskId[]>;
  heldSlots(pool: string): Promise<HeldSlot[]>;
  /**
   * A queued task whose `pool` is full leaves its workspace's ready index: it waits in the pool's, for whoever frees a
   * slot there, and at the latest until `at`. Not a change of state, so no version.
   */
  holdBack(task: Task, pool: string, at: number): Promise<void>;
  /** Tasks that wait for a slot of a pool, as `readyAfter` tells of those that are ready. */
  heldAfter(pool: string, after: string, limit: number): Promise<ReadyTask[]>;
  /** For a slot whose holder has ended without giving it back; nothing happens if it is not that holder's. */
  releaseSlot(slot: Slot, holder: AgentId): Promise<void>;
  /** Never counted by reading tasks: counters that move in the transactions of the tasks' beginnings and ends. */
  countTasks(workspace: string): Promise<TaskCounts>;
  /** From counters as well, both hours included: what ended in them, and what attempts that are cleaned up have spent. */
  listHours(workspace: string, from: number, until: number): Promise<Hour[]>;
  /** Queued tasks of these whose time has not come; of all workspaces' the first `limit` are looked at, in the index, which lags. */
  countDelayed(workspaces: readonly string[], limit: number): Promise<{ delayed: number; isAll: boolean }>;
  /** The oldest queued tasks of a workspace, behind `after`. */
  oldestQueued(workspace: string, limit: number, after?: TaskId): Promise<Task[]>;
  /** No task that needs this credential's provider starts before its end; one that ends before the known one changes nothing. */
  pauseProvider(workspace: string, credential: string, pause: ProviderPause): Promise<void>;
  /** The last one, which may be over. */
  getProviderPause(workspace: string, credential: string): Promise<ProviderPause | undefined>;
  getSwitches(task: Pick<Task, "workspace" | "backend">): Promise<Switches>;
  /** Of what is owed, the longest due first. */
  dueTasks(kind: OwedKind, now: number, limit: number): Promise<TaskId[]>;
  /** Tasks whose minute to go on has come, behind a position in the order of `core/waiting-order.ts`; from an index, which lags. */
  waitingAfter(kind: WaitingKind, after: string, now: number, limit: number): Promise<WaitingTask[]>;
  /** A queued task whose waiting time is over enters the ready index. Not a change of state, so no version. */
  makeReady(task: Task): Promise<void>;
  /** Looks at an owed stop or outcome again at `at`. */
  postpone(task: Task, at: number): Promise<void>;
  getApiKey(keyId: KeyId): Promise<ApiKey | undefined>;
  /** Counts one request in a minute (since the epoch); false, and not counted, once there were `limit`. */
  countRequest(caller: Caller, kind: RequestKind, minute: number, limit: number): Promise<boolean>;
  listApiKeys(workspace: string): Promise<ApiKey[]>;
  getIntakeOutcome(workspace: string, messageId: string): Promise<IntakeOutcome | undefined>;
  /** On condition that there is none of its message yet. */
  addIntakeOutcome(outcome: IntakeOutcome): Promise<"added" | "exists">;
  getSource(sourceId: SourceId): Promise<Source | undefined>;
  listSources(workspace: string): Promise<Source[]>;
  getSchedule(workspace: string, scheduleId: ScheduleId): Promise<Schedule | undefined>;
  listSchedules(workspace: string): Promise<Schedule[]>;
  /** Whose time has come, the longest due first; read from the index, which lags. */
  dueSchedules(now: number, limit: number): Promise<{ workspace: string; scheduleId: ScheduleId }[]>;
  /** On condition that its version has not changed since `before` was read. */
  replaceSchedule(before: Schedule, after: Schedule): Promise<"replaced" | "stale">;
  /** The last act of a chain; version 0 and the empty hash before the first. */
  getChainHead(chain: string): Promise<{ version: number; hash: string }>;
  /** The last act of every chain that has one. */
  listChainHeads(): Promise<{ chain: string; version: number; hash: string }[]>;
  listActs(chain: string, afterVersion: number, limit: number): Promise<AuditAct[]>;
  /** An act and what it changes, in one transaction; `stale` when another act of the chain, or of what it changes, was faster. */
  commitAct(act: AuditAct, writes: readonly ActWrite[]): Promise<{ kind: "committed" | "stale" | "contended" }>;
  /** On condition that no digest has this number yet. */
  addDigest(record: DigestRecord): Promise<"added" | "exists">;
  getLastDigest(): Promise<DigestRecord | undefined>;
  /** Oldest first. */
  listDigests(afterNumber: number, limit: number): Promise<DigestRecord[]>;
  /** Every one that was added, revoked ones too, and what the checks last found. */
  listBackends(): Promise<KeptBackends>;
  putBackendHealth(health: BackendHealth): Promise<void>;
  getOperation(operationId: Operation["operationId"]): Promise<Operation | undefined>;
  /** The ones that are not finished. */
  openOperations(): Promise<Operation[]>;
  putOperation(operation: Operation): Promise<void>;
  /** Throws when the table cannot be reached. */
  probe(): Promise<void>;
}
