// How does a task begin? Check what can be known now, write it with its first event, wake the dispatcher.
import { hash } from "node:crypto";
import { type AuditEvent, canonicalJson } from "../core/audit.ts";
import type { Cloud, Isolation } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import { shownKey } from "../core/idempotency.ts";
import type { TaskId } from "../core/ids.ts";
import { decideStart, type TaskRequest, titleOf } from "../core/requests.ts";
import { findStopped, findYoloForbidden, generationsOf, type Switches, sayStopped } from "../core/switches.ts";
import type { ApiKey, Creation } from "../core/table.ts";
import type { Task, TaskSpec } from "../core/task.ts";
import { admitAgent } from "./admit-agent.ts";
import { requireBackend } from "./backends.ts";
import { checkRepository } from "./check-repository.ts";
import { chooseGates } from "./choose-gates.ts";
import { createTask } from "./create-task.ts";
import { refuseWithoutForge } from "./find-forge.ts";
import { admitToQueue } from "./queue-limit.ts";
import { wake } from "./wake.ts";

const contendedTries = 8;
const backoffMs = 25;
const defaultIdempotencyLifeMs = 24 * 60 * 60 * 1000;

export interface Submission {
  /** A key, or drover itself for somebody who has none. */
  principal: Pick<ApiKey, "principal" | "workspace"> & { keyId: string };
  request: TaskRequest;
  idempotencyKey?: string;
  /** How long the key is remembered. */
  idempotencyLifeMs?: number;
  /** It comes through the queue: no task is made once there is an outcome of this message. */
  messageId?: string;
  retryOf?: TaskId;
}

export interface Submitted {
  taskId: TaskId;
  repeated: boolean;
  /** As it was written, unless an earlier call has made it. */
  made?: Pick<Creation, "task" | "spec">;
}

/**
 * Writes the task and answers it; the same key with the same body answers the task that the first call made.
 * Throws `idempotency_key_reused`, `isolation_unavailable`, or what is wrong with the repository.
 */
export async function submitTask(cloud: Cloud, submission: Submission): Promise<Submitted> {
  const { principal, request, idempotencyKey, idempotencyLifeMs = defaultIdempotencyLifeMs, messageId } = submission;
  const bodyHash = hash("sha256", canonicalJson(request), "hex");
  const now = cloud.clock.now();
  if (idempotencyKey) {
    const record = await cloud.table.getIdempotencyRecord(principal.workspace, idempotencyKey);
    if (record && record.expiresAt * 1000 > now) return repeat(record, bodyHash, idempotencyKey);
  }
  refuseWithoutIsolation(cloud);
  const { workspace } = principal;
  await requireBackend(cloud, request.backend);
  const switches = await cloud.table.getSwitches({ workspace, backend: request.backend });
  refuseWhileStopped(switches);
  const gate = await admitToQueue(cloud, workspace);
  const gates = chooseGates(request.gates, request.agent);
  const { agent, limits } = await admitAgent(cloud, workspace, request);
  const branch = await checkRepository(cloud, workspace, request);
  if (request.pullRequest || request.issue) await refuseWithoutForge(cloud, workspace, request);
  const spec: TaskSpec = {
    repository: request.repository,
    baseBranch: branch,
    prompt: request.prompt,
    agent,
    ...(request.credential ? { credential: request.credential } : {}),
    limits,
    gates,
    ...(request.yolo ? { yolo: request.yolo } : {}),
    ...(request.allowConfigChanges?.length ? { allowConfigChanges: request.allowConfigChanges } : {}),
    ...(request.pullRequest ? { pullRequest: request.pullRequest } : {}),
  };
  const facts = { repository: request.repository, baseBranch: branch, ...describeAgent(spec), bodyHash };
  const idempotency = idempotencyKey && { key: idempotencyKey, bodyHash, expiresAt: now + idempotencyLifeMs };
  const made = await createAdmitted(cloud, request, workspace, { switches, gate }, (current) => {
    const task = newTask(cloud, submission, current, now);
    const event = firstEvent(cloud, task, facts);
    const creation = { task: { ...task, lastEventHash: event.hash }, spec, event };
    const { taskId } = task;
    const expiresAt = Math.ceil((now + idempotencyLifeMs) / 1000);
    const intakeOutcome = messageId && { kind: "accepted" as const, workspace, messageId, expiresAt, taskId };
    return { ...creation, ...(idempotency ? { idempotency } : {}), ...(intakeOutcome ? { intakeOutcome } : {}) };
  });
  if (made.kind === "repeated") return repeat(made, bodyHash, idempotencyKey ?? "");
  const { task } = made.creation;
  await wake(cloud, task.taskId);
  return { taskId: task.taskId, repeated: false, made: { task, spec } };
}

/**
 * What is written is as it would be admitted at that moment: when a switch was turned since they were read, or the queue
 * has become fuller near its limit, both are read again.
 */
async function createAdmitted(
  cloud: Cloud,
  request: TaskRequest,
  workspace: string,
  read: { switches: Switches; gate: number | undefined },
  prepare: (switches: Switches) => Creation,
) {
  let { switches, gate } = read;
  for (let n = 1; n <= contendedTries; n += 1) {
    refuseWhileStopped(switches);
    refuseForbiddenYolo(request, switches);
    const creation = { ...prepare(switches), ...(gate === undefined ? {} : { gate }) };
    const outcome = await createTask(cloud, creation);
    if (outcome.kind === "created") return { kind: "created", creation } as const;
    if (outcome.kind === "repeated") return outcome;
    if (outcome.kind === "decided") throw new DroverError("concurrent_update", "The message was decided on meanwhile.");
    if (outcome.kind === "crowded") await cloud.clock.sleep(cloud.ids.random() * backoffMs * 2 ** n);
    switches = await cloud.table.getSwitches({ workspace, backend: request.backend });
    gate = await admitToQueue(cloud, workspace);
  }
  throw busy();
}

function firstEvent(cloud: Cloud, task: Task, data: Record<string, unknown>): AuditEvent {
  const unhashed = {
    at: task.createdAt,
    by: task.createdBy,
    data,
    eventId: task.lastEventId,
    previousHash: "",
    taskId: task.taskId,
    to: task.status,
    type: "created",
    version: 1,
  };
  return { ...unhashed, hash: cloud.hashEvent(unhashed) };
}

const busy = () => new DroverError("busy", "The table is busy; no task was made. Send the request again.");

function newTask(cloud: Cloud, { principal, request, retryOf }: Submission, switches: Switches, now: number): Task {
  const allowedAt = chooseStart(request, now);
  return {
    taskId: cloud.ids.task(),
    workspace: principal.workspace,
    version: 1,
    status: "queued",
    title: request.title ?? titleOf(request.prompt),
    priority: request.priority,
    createdBy: principal.keyId,
    owner: principal.principal,
    createdAt: now,
    updatedAt: now,
    attempt: 0,
    attemptsUsed: 0,
    maxAttempts: request.maxAttempts,
    backend: request.backend,
    repositoryKey: repositoryKeyOf(request.repository),
    admitted: generationsOf(switches),
    ...(request.retryBackoffMs ? { retryBackoffMs: request.retryBackoffMs } : {}),
    ...(request.labels?.length ? { labels: request.labels } : {}),
    ...(request.issue ? { issue: request.issue } : {}),
    ...(retryOf ? { retryOf } : {}),
    ...(request.agent.kind === "model" ? { provider: request.agent.credential } : {}),
    ...(request.yolo ? { yolo: true as const } : {}),
    ...(request.pullRequest ? { pullRequest: { state: "wanted" as const } } : {}),
    ...(allowedAt > now ? { allowedAt, due: { kind: "ready", at: allowedAt } as const } : {}),
    lastEventId: cloud.ids.event(),
    lastEventHash: "",
    ...markIsolation(cloud.settings.isolation),
  };
}

/** Throws `invalid_request`. */
function chooseStart(request: TaskRequest, now: number): number {
  const start = decideStart(request, now);
  if (start.kind === "refused") throw new DroverError("invalid_request", start.why);
  return start.at;
}

function markIsolation(isolation: Isolation): Pick<Task, "unconfined" | "measuredLimits"> {
  if (isolation.kind === "unconfined") return { unconfined: true };
  return isolation.kind === "confined" && isolation.measured ? { measuredLimits: isolation.measured } : {};
}

/** The same for every spelling that leads to the same repository, as far as the text shows it. */
export function repositoryKeyOf(repository: string): string {
  const plain = repository
    .trim()
    .toLowerCase()
    .replace(/(\.git)?\/*$/, "");
  return hash("sha256", plain, "hex").slice(0, 12);
}

function refuseWhileStopped(switches: Switches): void {
  const stop = findStopped(switches);
  if (!stop) return;
  throw new DroverError(
    "admission_stopped",
    `Nothing is admitted: ${sayStopped(stop)}. Somebody must release it first.`,
    { details: { scope: stop.scope } },
  );
}

function refuseForbiddenYolo({ yolo }: TaskRequest, switches: Switches): void {
  const forbidden = yolo && findYoloForbidden(switches);
  if (!forbidden) return;
  throw new DroverError(
    "yolo_forbidden",
    `${forbidden.scope} forbids tasks that skip their gates (${forbidden.by}: ${forbidden.reason}). Send it without "yolo".`,
    { details: { scope: forbidden.scope } },
  );
}

/** For the audit log: who will work, and what will not be checked. */
function describeAgent({ agent, gates, yolo }: TaskSpec): Record<string, unknown> {
  const model = agent.kind === "model" ? { type: agent.type, model: agent.model } : {};
  return { agent: agent.kind, ...model, gates: gates.gates, ...(yolo ? { yolo, gatesSkipped: gates.gates } : {}) };
}

function repeat(record: { taskId: TaskId; bodyHash: string }, bodyHash: string, key: string) {
  if (record.bodyHash === bodyHash) return { taskId: record.taskId, repeated: true };
  throw new DroverError(
    "idempotency_key_reused",
    `Idempotency-Key ${shownKey(key)} was used for another request, which made ${record.taskId}. Use a new key for a new task.`,
    { details: { taskId: record.taskId } },
  );
}

function refuseWithoutIsolation(cloud: Cloud): void {
  const { isolation } = cloud.settings;
  if (isolation.kind !== "impossible") return;
  throw new DroverError(
    "isolation_unavailable",
    `No sandbox can be made on this machine: ${isolation.cause} ${isolation.remedy} ` +
      "Or start drover with --allow-unconfined to run agents without isolation; every such task is marked.",
  );
}
