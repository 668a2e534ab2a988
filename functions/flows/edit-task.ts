// How does a user change, withdraw or repeat a task?
import type { TaskLimits } from "../core/budget.ts";
import type { Cloud } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import type { TaskId } from "../core/ids.ts";
import { decideStart, type TaskEdit, type TaskRequest } from "../core/requests.ts";
import type { ApiKey } from "../core/table.ts";
import type { Task, TaskSpec } from "../core/task.ts";
import { admitAgent } from "./admit-agent.ts";
import { type Change, changeTask, taskNotFound } from "./change-task.ts";
import { chooseGates } from "./choose-gates.ts";
import { type Submitted, submitTask } from "./submit-task.ts";
import { wake } from "./wake.ts";

/** Longer than a retry waits and works: it is not made twice while the first one is on its way. */
const idempotencyLifeMs = 30 * 24 * 60 * 60 * 1000;

/** Only while it is queued, and only the version that the user has seen: else 409 with the current one. */
export async function editTask(cloud: Cloud, taskId: TaskId, by: string, edit: TaskEdit): Promise<Task> {
  const { version, ...asked } = edit;
  const { prompt, limits, gates, allowConfigChanges, notBefore, ...changes } = asked;
  const spec = await cloud.table.getSpec(taskId);
  if (!spec) throw taskNotFound(taskId);
  const fields = Object.entries(asked).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  const nextSpec = await editSpec(cloud, (await cloud.table.getTask(taskId))?.workspace ?? "", spec, edit);
  const change = await changeTask(cloud, taskId, by, (task) => {
    if (task.version !== version) throw staleVersion(task, version);
    if (task.status === "queued") refuseTooFew(task, changes.maxAttempts);
    const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
    const start = notBefore === undefined ? {} : startAgain(task, notBefore, cloud.clock.now());
    const isOfSpec = prompt || limits || gates || allowConfigChanges;
    return { event: { type: "edited", ...given, ...start, fields }, ...(isOfSpec ? { spec: nextSpec } : {}) };
  });
  if (change.kind === "changed" && notBefore !== undefined) await wake(cloud, taskId);
  if (change.kind === "changed") return change.task;
  throw refusal(change, `${taskId} is ${change.task.status}, and only a queued task can be changed.`);
}

/** What holds it back besides its own time goes on holding it. Throws `invalid_request`. */
function startAgain({ due }: Task, notBefore: string, now: number): Pick<Task, "allowedAt" | "due"> {
  const start = decideStart({ notBefore }, now);
  if (start.kind === "refused") throw new DroverError("invalid_request", start.why);
  if (start.at > now) return { allowedAt: start.at, due: { kind: "ready", at: start.at } };
  return { allowedAt: now, due: due?.kind === "held" ? due : undefined };
}

/** Judged as the request for a new task would be. */
async function editSpec(cloud: Cloud, workspace: string, spec: TaskSpec, edit: TaskEdit): Promise<TaskSpec> {
  const { prompt = spec.prompt, gates, allowConfigChanges } = edit;
  const limits = edit.limits ? { ...requestLimits(spec.limits), ...edit.limits } : requestLimits(spec.limits);
  const admitted = await admitAgent(cloud, workspace, { agent: spec.agent, prompt, limits });
  return {
    ...{ ...spec, prompt, ...admitted },
    ...(gates ? { gates: chooseGates(gates, spec.agent) } : {}),
    ...(allowConfigChanges ? { allowConfigChanges } : {}),
  };
}

/** One that waits has an attempt to come, which counts as well. */
function refuseTooFew({ taskId, attemptsUsed }: Task, maxAttempts: number | undefined): void {
  if (maxAttempts === undefined || maxAttempts > attemptsUsed) return;
  const message =
    `maxAttempts: ${taskId} has used ${attemptsUsed} and waits for another, so ${maxAttempts} is too few. ` +
    `Give at least ${attemptsUsed + 1}, or cancel it.`;
  throw new DroverError("invalid_request", message);
}

const staleVersion = (task: Task, given: number) =>
  new DroverError(
    "stale_version",
    `${task.taskId} is at version ${task.version}, not ${given}. Read it and decide again.`,
    {
      details: { currentVersion: task.version },
    },
  );

/** Withdraws a queued task. A running one is killed instead, since that needs a reason. */
export async function cancelTask(cloud: Cloud, taskId: TaskId, by: string, reason: string): Promise<Task> {
  const change = await changeTask(cloud, taskId, by, (task) => {
    if (task.status === "queued") return { event: { type: "killed", reason, by, cause: "cancelled" } };
    const code = ["completed", "failed", "killed"].includes(task.status) ? "task_ended" : "illegal_transition";
    return { kind: "refused", code, reason: `${taskId} is ${task.status}` };
  });
  if (change.kind === "changed") return change.task;
  const message =
    change.kind === "refused" && change.code === "task_ended"
      ? `${taskId} has already ended: it is ${change.task.status}. Nothing was changed.`
      : `${taskId} is ${change.task.status}; only a queued task can be cancelled. To stop it, kill it.`;
  throw refusal(change, message);
}

function refusal(change: Exclude<Change, { kind: "changed" }>, message: string): DroverError {
  const code = change.kind === "refused" && change.code === "task_ended" ? "task_ended" : "illegal_transition";
  return new DroverError(code, message, {
    details: { taskStatus: change.task.status, currentVersion: change.task.version },
  });
}

/**
 * A failed or killed task stays as it ended; what it asked for is asked for again as a new task. Asked for twice within
 * thirty days it is one retry, until that has ended badly as well.
 */
export async function retryTask(
  cloud: Cloud,
  taskId: TaskId,
  principal: ApiKey,
): Promise<Pick<Submitted, "taskId" | "repeated">> {
  const [task, spec] = await Promise.all([cloud.table.getTask(taskId), cloud.table.getSpec(taskId)]);
  if (!task || !spec) throw taskNotFound(taskId);
  if (!hasEndedBadly(task)) {
    throw new DroverError(
      "illegal_transition",
      `${taskId} is ${task.status}; only a failed or killed task can be retried.`,
      {
        details: { taskStatus: task.status },
      },
    );
  }
  const request: TaskRequest = {
    repository: spec.repository,
    branch: spec.baseBranch,
    prompt: spec.prompt,
    agent: spec.agent,
    title: task.title,
    priority: task.priority,
    maxAttempts: task.maxAttempts,
    limits: requestLimits(spec.limits),
    backend: task.backend,
    gates: requestGates(spec.gates),
    ...(spec.yolo ? { yolo: spec.yolo } : {}),
    ...(spec.allowConfigChanges ? { allowConfigChanges: spec.allowConfigChanges } : {}),
    ...(spec.pullRequest ? { pullRequest: spec.pullRequest } : {}),
    ...(spec.credential ? { credential: spec.credential } : {}),
    ...(task.retryBackoffMs ? { retryBackoffMs: task.retryBackoffMs } : {}),
    ...(task.labels ? { labels: task.labels } : {}),
    ...(task.issue ? { issue: task.issue } : {}),
  };
  // The key makes a second request for the same retry answer the first one's task.
  for (let idempotencyKey = `retry of ${taskId}`; ; ) {
    const retry = await submitTask(cloud, { principal, request, retryOf: taskId, idempotencyKey, idempotencyLifeMs });
    const made = retry.repeated && (await cloud.table.getTask(retry.taskId));
    if (!made || !hasEndedBadly(made)) {
      await wake(cloud, retry.taskId);
      return retry;
    }
    idempotencyKey = `retry of ${taskId} after ${made.taskId}`;
  }
}

const hasEndedBadly = ({ status }: Task) => status === "failed" || status === "killed";

/** As the user would write them. */
function requestLimits({ microDollars, ...limits }: TaskLimits): TaskRequest["limits"] {
  return { ...limits, ...(microDollars === undefined ? {} : { dollars: microDollars / 1_000_000 }) };
}

function requestGates({ profile, gates, chosenBy }: TaskSpec["gates"]): TaskRequest["gates"] {
  if (chosenBy === "agent_type") return undefined;
  return profile === "custom" ? { profile, gates } : { profile };
}
