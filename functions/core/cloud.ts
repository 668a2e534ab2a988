// What does a flow need of the world? Production passes the SDK-backed cloud, the simulation one in memory.
import type { hashEvent } from "./audit.ts";
import type { BackendSettings } from "./backends.ts";
import type { AgentId, EventId, KeyId, PermitId, TaskId } from "./ids.ts";
import type { Intake } from "./intake.ts";
import type { Measure } from "./metrics.ts";
import type { ModelProfile } from "./models.ts";
import type {
  NoticeQueue,
  NoticeSettings,
  Notices,
  OutcomeBus,
  Receivers,
  WebhookId,
  WebhookSecrets,
} from "./notices.ts";
import type { Operation } from "./operations.ts";
import type { ForgeKind, Forges } from "./pull-requests.ts";
import type { ScheduleId } from "./schedules.ts";
import type { SigningPurpose } from "./signing.ts";
import type { Limits } from "./slots.ts";
import type { SourceId } from "./sources.ts";
import type { Table } from "./table.ts";
import type { MeasuredLimit } from "./task.ts";

export interface Cloud {
  table: Table;
  wakeUps: WakeUps;
  /** Those of one backend. */
  sandboxes(backend: string): Sandboxes;
  artifacts: Artifacts;
  credentials: Credentials;
  /** What an attempt proves itself by; see `signAttempt`. */
  tokenOf(agentId: AgentId): string;
  /** A signature of this deployment under a text, for one purpose. */
  sign(purpose: SigningPurpose, text: string): string;
  /** `hashEvent` of the audit log, except where millions of events are made and thrown away. */
  hashEvent: typeof hashEvent;
  auditKey: AuditKey;
  remotes: Remotes;
  notices: Notices;
  noticeQueue: NoticeQueue;
  webhookSecrets: WebhookSecrets;
  receivers: Receivers;
  forges: Forges;
  /** Where somebody has asked for it. */
  outcomeBus?: OutcomeBus;
  /** Where a queue for tasks from outside is bound to a workspace. */
  intake?: Intake;
  /** Where whoever looks is not whoever listens. */
  ownApi?: OwnApi;
  /** Where somebody watches. */
  metrics?: Metrics;
  settings: Settings;
  clock: Clock;
  ids: Ids;
}

export interface Metrics {
  tell(measure: Measure): void;
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
  key(): KeyId;
  webhook(): WebhookId;
  source(): SourceId;
  schedule(): ScheduleId;
  operation(): Operation["operationId"];
  /** Uniform in [0, 1): jitter, choice of a slot. */
  random(): number;
}

export interface Settings {
  limits: Limits;
  backends: BackendSettings;
  /** Tasks that a workspace may have waiting or running; over it a submission answers 429. */
  queueLimit: number;
  /** Requests that one API key may make in a minute. */
  requestsPerMinute: number;
  /** How long a task may wait before it is given up. */
  maxQueueAgeMs: number;
  /** Silence after which a running attempt counts as stalled. */
  leaseMs: number;
  /** What an attempt may take beyond the wall-clock limit of its work: clone, gates, publication. */
  wallClockMarginMs: number;
  /** So long a supervisor goes on when it reaches nobody: an outage of the control plane must not end its work. */
  patienceMs: number;
  /** How often a supervisor beats. */
  beatMs: number;
  /** How much of what was printed last a beat carries: the attempt's item is paid for by the KB. */
  beatCharacters: number;
  /** How often a supervisor uploads its growing log; each upload costs a request. */
  logUploadMs: number;
  /** How long one stream of events goes on before its reader has to ask again: nobody tells a function that a reader has left. */
  streamMs: number;
  /** How long after the end of a sandbox its push may still land on a slow remote. */
  pushSettleMs: number;
  notices: NoticeSettings;
  /** From the claim to the supervisor's first word. */
  launchLimitMs: number;
  models: readonly ModelProfile[];
  isolation: Isolation;
  /** Where browsers find the API and the dashboard, as `https://drover.example.com`; where a front door has another name. */
  publicOrigin?: string;
  /** Where local paths are served over smart HTTP; undefined where the control plane is not on the user's machine. */
  localGit?: { url: string; secret: string };
}

export type Isolation =
  /** `measured`: limits that are looked at from time to time, not kept by the kernel. */
  | { kind: "confined"; measured?: MeasuredLimit[] }
  | { kind: "unconfined" }
  | { kind: "impossible"; cause: string; remedy: string };

export interface OwnApi {
  /** Whether a beat of an agent would arrive, and be answered. */
  hearsAgents(): Promise<boolean>;
}

export interface WakeUps {
  send(taskId: TaskId): Promise<void>;
  probe(): Promise<void>;
}

/** All but `launched` say for certain that this call has started nothing. */
export type LaunchOutcome =
  | { kind: "launched"; sandboxArn: string }
  /** The task goes back without using an attempt. */
  | { kind: "no_capacity"; why: string }
  /** There was no connection. */
  | { kind: "unreachable"; why: string }
  /** Nothing will be started either: a setting is wrong. */
  | { kind: "refused"; why: string };

export interface SandboxState {
  sandboxArn: string;
  agentId: AgentId | undefined;
  stopped: boolean;
  /** Of one that has stopped: see `describeEnd`. */
  why?: string;
}

/**
 * Whatever a backend should have answered and did not is thrown as `backend_unavailable`. What `stop` and `describe`
 * throw beside that is about the one sandbox: nobody knows whether it runs.
 */
export interface Sandboxes {
  /** Idempotent for one agentId: the same call again answers the same sandbox. Throws when its answer was lost. */
  launch(agentId: AgentId, token: string): Promise<LaunchOutcome>;
  /** Asks for the stop; never means that it has stopped. */
  stop(sandboxArn: string, reason: string): Promise<void>;
  /** Undefined: ECS does not know it (any more). */
  describe(sandboxArn: string): Promise<SandboxState | undefined>;
  findByAgent(agentId: AgentId): Promise<SandboxState[]>;
  listRunning(): Promise<SandboxState[]>;
  probe(): Promise<void>;
}

/** `verdicts`: what the gates and the review said, as JSON. `gates`: what the gates printed. `checkpoint`: what a next attempt goes on from. */
export const artifactKinds = ["log", "diff", "transcript", "verdicts", "gates", "checkpoint"] as const;
export type ArtifactKind = (typeof artifactKinds)[number];

export interface Artifacts {
  /** A URL that takes one PUT of that artifact for some hours. Computed, not requested. */
  uploadUrl(agentId: AgentId, kind: ArtifactKind): Promise<string>;
  /** A URL that gives that artifact, for some hours. Computed, not requested. */
  downloadUrl(agentId: AgentId, kind: ArtifactKind): Promise<string>;
  read(agentId: AgentId, kind: ArtifactKind): Promise<Uint8Array | undefined>;
  /** A file of the audit log: a digest, or the public key beside them. */
  putAuditFile(name: string, text: string): Promise<void>;
  readAuditFile(name: string): Promise<string | undefined>;
}

/** Ed25519. Both are read when first asked for, so that who only publishes the one never sees the other. */
export interface AuditKey {
  /** SPKI in base64. */
  publicKey(): Promise<string>;
  /** The signature of a digest's hash, in base64. */
  sign(hash: string): Promise<string>;
}

export interface Credential {
  username: string;
  token: string;
  /** Where it may be sent; see `mayBeSentTo` for what holds without. */
  repositories?: string[];
  /** Where the token is a key for models. */
  model?: { provider: "anthropic" | "bedrock"; baseUrl?: string; region?: string };
  /** Which forge the token is for, where its host does not say; the API's address where it is not the usual one. */
  forge?: { kind: ForgeKind; apiUrl?: string };
}

export interface Credentials {
  put(workspace: string, name: string, credential: Credential): Promise<void>;
  get(workspace: string, name: string): Promise<Credential | undefined>;
  /** Nothing happens when it is not there. */
  remove(workspace: string, name: string): Promise<void>;
  /** Their names alone, sorted. */
  list(workspace: string): Promise<string[]>;
}

export interface RemoteAuth {
  username: string;
  password: string;
}

export type RemoteState =
  | { kind: "found"; branch: string; commit: string }
  | {
      kind: "not_found" | "not_git" | "auth_refused" | "branch_missing" | "empty" | "too_large" | "unreachable";
      message: string;
    };

/** `refused`: the remote does not let us look. `unknown`: it did not say. */
export type BranchState =
  | { kind: "at"; commit: string }
  | { kind: "absent" }
  | { kind: "refused" | "unknown"; message: string };

export interface Remotes {
  inspect(url: string, auth: RemoteAuth | undefined, branch: string | undefined): Promise<RemoteState>;
  /** What a branch points at. */
  readBranch(url: string, auth: RemoteAuth | undefined, branch: string): Promise<BranchState>;
  /** Only where it points at `commit`. `kept`: the remote, or whoever has moved it, wants it there. */
  deleteBranch(
    url: string,
    auth: RemoteAuth | undefined,
    branch: string,
    commit: string,
  ): Promise<"gone" | "kept" | "unknown">;
}
