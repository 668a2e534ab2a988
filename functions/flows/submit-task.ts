// How does a task begin? Check what can be known now, write it with its first event, wake the dispatcher.
import { createHash } from "node:crypto";
import { canonicalJson, hashEvent } from "../core/audit.ts";
import type { ApiKey, Cloud } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import type { TaskId } from "../core/ids.ts";
import { type TaskRequest, titleOf } from "../core/requests.ts";
import type { Task, TaskSpec } from "../core/task.ts";
import { checkRepository } from "./check-repository.ts";
import { wake } from "./wake.ts";

const idempotencyLifeMs = 24 * 60 * 60 * 1000;

export interface Submission {
  principal: ApiKey;
  request: TaskRequest;
  idempotencyKey?: string;
}

/**
 * Writes the task and answers it; the same key with the same body answers the task that the first call made.
 * Throws `idempotency_key_reused`, `isolation_unavailable`, or what is wrong with the repository.
 */
export async function submitTask(cloud: Cloud, submission: Submission): Promise<{ taskId: TaskId; repeated: boolean }> {
  const { principal, request, idempotencyKey } = submission;
  const bodyHash = createHash("sha256").update(canonicalJson(request)).digest("hex");
  const now = cloud.clock.now();
  if (idempotencyKey) {
    const record = await cloud.table.getIdempotencyRecord(principal.workspace, idempotencyKey);
    if (record && record.expiresAt * 1000 > now) return repeat(record, bodyHash, idempotencyKey);
  }
  refuseWithoutIsolation(cloud);
  const branch = await checkRepository(cloud, principal.workspace, request);
  const task = newTask(cloud, principal, request, now);
  const spec: TaskSpec = {
    repository: request.repository,
    baseBranch: branch,
    prompt: request.prompt,
    agent: request.agent,
    ...(request.credential ? { credential: request.credential } : {}),
    limits: request.limits,
  };
  const unhashed = {
    eventId: task.lastEventId,
    taskId: task.taskId,
    version: 1,
    type: "created",
    at: now,
    by: principal.keyId,
    to: task.status,
    data: { repository: request.repository, baseBranch: branch, agent: request.agent.kind, bodyHash },
    previousHash: "",
  };
  const event = { ...unhashed, hash: hashEvent(unhashed) };
  const outcome = await cloud.table.createTask({
    task: { ...task, lastEventHash: event.hash },
    spec,
    event,
    ...(idempotencyKey ? { idempotency: { key: idempotencyKey, bodyHash, expiresAt: now + idempotencyLifeMs } } : {}),
  });
  if (outcome.kind === "repeated") return repeat(outcome, bodyHash, idempotencyKey ?? "");
  await wake(cloud, task.taskId);
  return { taskId: task.taskId, repeated: false };
}

function newTask(cloud: Cloud, principal: ApiKey, request: TaskRequest, now: number): Task {
  return {
    taskId: cloud.ids.task(),
    workspace: principal.workspace,
    version: 1,
    status: "queued",
    title: request.title ?? titleOf(request.prompt),
    priority: request.priority,
    createdBy: principal.keyId,
    createdAt: now,
    updatedAt: now,
    attempt: 0,
    attemptsUsed: 0,
    maxAttempts: request.maxAttempts,
    lastEventId: cloud.ids.event(),
    lastEventHash: "",
    ...(cloud.settings.isolation.kind === "unconfined" ? { unconfined: true as const } : {}),
  };
}

function repeat(record: { taskId: TaskId; bodyHash: string }, bodyHash: string, key: string) {
  if (record.bodyHash === bodyHash) return { taskId: record.taskId, repeated: true };
  throw new DroverError(
    "idempotency_key_reused",
    `Idempotency-Key ${key} was used for another request, which made ${record.taskId}. Use a new key for a new task.`,
    { details: { taskId: record.taskId } },
  );
}

function refuseWithoutIsolation(cloud: Cloud): void {
  const { isolation } = cloud.settings;
  if (isolation.kind !== "impossible") return;
  throw new DroverError(
    "isolation_unavailable",
    `No sandbox can be made on this machine: ${isolation.cause}. ${isolation.remedy} ` +
      "Or start drover with --allow-unconfined to run agents without isolation; every such task is marked.",
  );
}
