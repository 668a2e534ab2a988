// How does a task look through the API? Times as ISO 8601, internals left out, marks that nobody should overlook.
import * as z from "zod";
import { defaultBudget, listBudgetUse } from "../core/budget.ts";
import { agentTypes } from "../core/models.ts";
import { spendSchema } from "../core/spend-schema.ts";
import type { Attempt, Task, TaskSpec } from "../core/task.ts";
import { attemptStates, failureClasses, mergeabilities, taskStatuses } from "../core/task.ts";
import { isSound } from "../flows/sound-tasks.ts";

const iso = (at: number | undefined) => (at === undefined ? undefined : new Date(at).toISOString());

/** `wanted` until the task has completed with a branch. */
const pullRequestSchema = z.object({
  state: z.enum(["wanted", "delayed", "open", "failed"]),
  url: z.string().optional(),
  number: z.int().optional(),
  why: z.string().optional(),
  tries: z.int().optional(),
  base: z.string().optional(),
  draft: z.boolean().optional(),
  title: z.string().optional(),
});

export const taskSummarySchema = z
  .object({
    taskId: z.string(),
    workspace: z.string(),
    version: z.int(),
    status: z.enum(taskStatuses),
    title: z.string(),
    priority: z.int(),
    createdBy: z.string(),
    owner: z.string(),
    createdAt: z.string(),
    updatedAt: z.string(),
    attempt: z.int(),
    maxAttempts: z.int(),
    retryBackoffMs: z.array(z.int()).optional(),
    notBefore: z.string().optional(),
    failure: z.object({ class: z.enum(failureClasses), message: z.string() }).optional(),
    killed: z.object({ by: z.string(), reason: z.string(), from: z.enum(taskStatuses), cause: z.string() }).optional(),
    stopConfirmation: z.string().optional(),
    backend: z.string(),
    repositoryKey: z.string(),
    labels: z.array(z.string()).optional(),
    rejections: z.int().optional(),
    retryOf: z.string().optional(),
    escalated: z.boolean().optional(),
    branch: z.string().optional(),
    commit: z.string().optional(),
    publishOutcome: z.string().optional(),
    outcomeOverdue: z.object({ why: z.string() }).optional(),
    noChanges: z.boolean().optional(),
    merges: z.enum(mergeabilities).optional(),
    pullRequest: pullRequestSchema.optional(),
    issue: z.object({ number: z.int() }).optional(),
    unconfined: z.boolean().optional(),
    messages: z.int().optional(),
    yolo: z.union([z.boolean(), z.object({ reason: z.string() })]).optional(),
    provider: z.string().optional(),
    measuredLimits: z.array(z.enum(["memory", "disk"])).optional(),
  })
  .meta({ id: "TaskSummary" });

const limitsSchema = z.object({
  wallClockMs: z.int(),
  rejections: z.int(),
  tokens: z.int().optional(),
  microDollars: z.int().optional(),
  turns: z.int().optional(),
});

export const attemptSchema = z.object({
  agentId: z.string(),
  attempt: z.int(),
  state: z.enum(attemptStates),
  claimedAt: z.string(),
  startedAt: z.string().optional(),
  endedAt: z.string().optional(),
  sandboxArn: z.string().optional(),
  sandboxStoppedAt: z.string().optional(),
  cleanedUpAt: z.string().optional(),
  step: z.string().optional(),
  outputLength: z.int().optional(),
});

export const taskSchema = taskSummarySchema
  .extend({
    repository: z.string(),
    baseBranch: z.string(),
    prompt: z.string(),
    agent: z.union([
      z.object({ kind: z.literal("command"), command: z.array(z.string()) }),
      z.object({
        kind: z.literal("model"),
        type: z.enum(agentTypes),
        model: z.string(),
        skills: z.array(z.string()).optional(),
        credential: z.string(),
      }),
    ]),
    credential: z.string().optional(),
    limits: limitsSchema,
    gates: z.object({ profile: z.string(), gates: z.array(z.string()), chosenBy: z.string() }),
    yolo: z.object({ reason: z.string() }).optional(),
    allowConfigChanges: z.array(z.string()).optional(),
    spend: spendSchema.optional(),
    /** The limits that are nearly or fully used. */
    budget: z.array(z.object({ limit: z.string(), used: z.number(), of: z.number(), state: z.string() })).optional(),
    warnings: z.array(z.string()).optional(),
    attempts: z.array(attemptSchema),
  })
  .meta({ id: "Task" });

export function viewTaskSummary(task: Task): z.output<typeof taskSummarySchema> {
  const {
    createdAt,
    updatedAt,
    due,
    attemptsUsed,
    slots,
    rounds,
    lastEventId,
    lastEventHash,
    permitId,
    admitted,
    permittedCommits,
    owedCleanups,
    ...shown
  } = task;
  const waiting = task.status === "queued" && due ? { notBefore: iso(due.at) } : {};
  return { ...shown, createdAt: iso(createdAt) ?? "", updatedAt: iso(updatedAt) ?? "", ...waiting };
}

/** One that cannot be read is named, and does not keep the others from being shown. */
export function viewTasks(tasks: readonly Task[]) {
  const unreadable = tasks.filter((task) => !isSound(task)).map(({ taskId }) => taskId);
  return {
    tasks: tasks.filter(isSound).map(viewTaskSummary),
    ...(unreadable.length > 0 ? { unreadable } : {}),
  };
}

export function viewTask(task: Task, spec: TaskSpec, attempts: Attempt[]): z.output<typeof taskSchema> {
  const spend = attempts.findLast(({ beat }) => beat?.spend)?.beat?.spend;
  const warnings = warningsOf(task, spec);
  return {
    ...viewTaskSummary(task),
    ...spec,
    yolo: spec.yolo,
    pullRequest: task.pullRequest && { ...spec.pullRequest, ...task.pullRequest },
    ...(spend ? { spend, budget: listBudgetUse(spend, { ...defaultBudget, ...spec.limits }) } : {}),
    ...(warnings.length > 0 ? { warnings } : {}),
    attempts: attempts.map(viewAttempt),
  };
}

function warningsOf(task: Task, { yolo, gates }: TaskSpec): string[] {
  const { unconfined, outcomeOverdue } = task;
  return [
    ...(outcomeOverdue ? [sayOverdue(task, outcomeOverdue.why)] : []),
    ...(yolo ? [`YOLO: ${gates.gates.join(", ") || "no gates"} skipped, because: ${yolo.reason}`] : []),
    ...(unconfined ? ["Its sandbox has no isolation."] : []),
  ];
}

function sayOverdue({ branch, due }: Task, why: string): string {
  const what =
    due?.kind === "branch" ? `${branch} could not be taken back` : `nobody could say whether ${branch} was pushed`;
  return `For a day ${what}. It is asked again every hour: look at the repository and the credential. The last answer: ${why}`;
}

function viewAttempt(attempt: Attempt): z.output<typeof attemptSchema> {
  const { agentId, attempt: number, state, sandboxArn, beat } = attempt;
  return {
    agentId,
    attempt: number,
    state,
    claimedAt: iso(attempt.claimedAt) ?? "",
    startedAt: iso(attempt.startedAt),
    endedAt: iso(attempt.endedAt),
    sandboxArn,
    sandboxStoppedAt: iso(attempt.sandboxStoppedAt),
    cleanedUpAt: iso(attempt.cleanedUpAt),
    ...(beat ? { step: beat.step, outputLength: beat.outputLength } : {}),
  };
}
