// A supervisor says its first word: the attempt runs, and gets all that it needs to work.
import type { StartAnswer } from "../core/callbacks.ts";
import type { Cloud } from "../core/cloud.ts";
import { DroverError, hasCode } from "../core/errors.ts";
import type { Task, TaskSpec } from "../core/task.ts";
import { authenticate, type Caller, callBack } from "./call-back.ts";
import { taskNotFound } from "./change-task.ts";
import { failAttempt } from "./finish-work.ts";
import { locateRepository } from "./locate-repository.ts";
import { offerAgent, uploadUrls } from "./offer-work.ts";

/** Repeated by the same attempt (its answer was lost), it answers the same again. */
export async function startAttempt(cloud: Cloud, caller: Caller): Promise<StartAnswer> {
  const { taskId, attempt, agentId } = authenticate(cloud, caller);
  const spec = await cloud.table.getSpec(taskId);
  if (!spec) throw taskNotFound(taskId);
  const { leaseMs, wallClockMarginMs } = cloud.settings;
  const limitMs = spec.limits.wallClockMs + wallClockMarginMs;
  const task = await callBack(cloud, caller, (now) =>
    now.status === "running" && now.attempt === attempt
      ? { kind: "already_done" }
      : { kind: "change", event: { type: "started", leaseMs, limitMs } },
  );
  const repository = await locateRepository(cloud, task.workspace, spec);
  return {
    taskId: task.taskId,
    title: task.title,
    prompt: spec.prompt,
    agent: await offerOrFail(cloud, caller, task, spec),
    repository: { ...repository, branch: spec.baseBranch },
    ...(task.branch ? { earlierPush: { branch: task.branch, commits: task.permittedCommits ?? [] } } : {}),
    uploads: await uploadUrls(cloud, agentId),
    limits: { wallClockMs: spec.limits.wallClockMs, rejections: spec.limits.rejections },
    rejections: task.rejections ?? 0,
    conflicts: task.conflicts ?? 0,
    yolo: task.yolo ?? false,
    gates: { gates: spec.gates.gates, chosenBy: spec.gates.chosenBy },
    allowConfigChanges: spec.allowConfigChanges ?? [],
    beatMs: cloud.settings.beatMs,
    beatCharacters: cloud.settings.beatCharacters,
    leaseMs,
    patienceMs: cloud.settings.patienceMs,
    logUploadMs: cloud.settings.logUploadMs,
  };
}

/** A model or key that was there at admission and is gone does not come back by itself, so the attempt ends with that. */
async function offerOrFail(cloud: Cloud, caller: Caller, task: Task, spec: TaskSpec): Promise<StartAnswer["agent"]> {
  try {
    return await offerAgent(cloud, task, spec);
  } catch (error) {
    if (!hasCode(error, "credential_not_found") && !hasCode(error, "model_unknown")) throw error;
    const { taskId, status } = await failAttempt(cloud, caller, { class: "poison", message: error.message });
    throw new DroverError("task_ended", `${taskId} is ${status}: ${error.message}`, {
      cause: error,
      details: { taskStatus: status },
    });
  }
}
