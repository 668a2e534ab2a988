// A supervisor says its first word: the attempt runs, and gets all that it needs to work.
import type { StartAnswer } from "../core/callbacks.ts";
import type { Cloud } from "../core/cloud.ts";
import { DroverError, type ErrorCode } from "../core/errors.ts";
import { agentIdOf } from "../core/ids.ts";
import type { Task, TaskSpec } from "../core/task.ts";
import { type Caller, callBack, readAsCaller } from "./call-back.ts";
import { taskNotFound } from "./change-task.ts";
import { failAttempt } from "./finish-work.ts";
import { locateRepository } from "./locate-repository.ts";
import { offerAgent, uploadUrls } from "./offer-work.ts";

/**
 * Repeated by the same attempt (its answer was lost), it answers the same again. What the first one needs is read before
 * the attempt runs, so that an outage does not use it up:
 *
 *   start ── secrets: no answer ── asked again while patience lasts ── its sandbox ends ── back to the queue: it has not begun
 */
export async function startAttempt(cloud: Cloud, caller: Caller): Promise<StartAnswer> {
  const { task: found } = await readAsCaller(cloud, caller);
  const spec = await cloud.table.getSpec(found.taskId);
  if (!spec) throw taskNotFound(found.taskId);
  // Whoever has begun is judged first: it may have no use for a secret any more.
  const begun = found.status === "launching" ? undefined : await begin(cloud, caller, found, spec);
  const { repository, agent, uploads } = await gatherOrFail(cloud, caller, found, spec);
  const task = begun ?? (await begin(cloud, caller, found, spec));
  return {
    taskId: task.taskId,
    title: task.title,
    prompt: spec.prompt,
    agent,
    repository: { ...repository, branch: spec.baseBranch },
    ...(task.branch ? { earlierPush: { branch: task.branch, commits: task.permittedCommits ?? [] } } : {}),
    uploads,
    limits: { wallClockMs: spec.limits.wallClockMs, rejections: spec.limits.rejections },
    rejections: task.rejections ?? 0,
    conflicts: task.conflicts ?? 0,
    yolo: task.yolo ?? false,
    gates: { gates: spec.gates.gates, chosenBy: spec.gates.chosenBy },
    allowConfigChanges: spec.allowConfigChanges ?? [],
    beatMs: cloud.settings.beatMs,
    beatCharacters: cloud.settings.beatCharacters,
    leaseMs: cloud.settings.leaseMs,
    patienceMs: cloud.settings.patienceMs,
    logUploadMs: cloud.settings.logUploadMs,
  };
}

/** Launching → running. */
function begin(cloud: Cloud, caller: Caller, found: Task, { limits }: TaskSpec): Promise<Task> {
  const { leaseMs, wallClockMarginMs } = cloud.settings;
  const event = { type: "started", leaseMs, limitMs: limits.wallClockMs + wallClockMarginMs } as const;
  return callBack(
    cloud,
    caller,
    ({ status, attempt }) =>
      status === "running" && attempt === found.attempt ? { kind: "already_done" } : { kind: "change", event },
    found,
  );
}

/** What was there at admission and is gone, or may not be used any more: asking again would end the same way. */
const hopelessCodes: readonly ErrorCode[] = [
  "repository_invalid",
  "credential_not_found",
  "credential_not_for_repository",
  "model_unknown",
];

/** Nobody brings it back for an attempt that waits, so the attempt ends with that. */
async function gatherOrFail(cloud: Cloud, caller: Caller, task: Task, spec: TaskSpec) {
  try {
    return {
      repository: await locateRepository(cloud, task.workspace, spec),
      agent: await offerAgent(cloud, task, spec),
      uploads: await uploadUrls(cloud, agentIdOf(task.taskId, task.attempt)),
    };
  } catch (error) {
    if (!(error instanceof DroverError) || !hopelessCodes.includes(error.code)) throw error;
    const { taskId, status } = await failAttempt(cloud, caller, { class: "poison", message: error.message });
    throw new DroverError("task_ended", `${taskId} is ${status}: ${error.message}`, {
      cause: error,
      details: { taskStatus: status },
    });
  }
}
