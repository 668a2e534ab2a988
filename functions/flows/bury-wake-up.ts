// A wake-up failed at every delivery: what becomes of it, and of its task? Something that a person sees, in any case.
import type { Cloud } from "../core/cloud.ts";
import { hasCode } from "../core/errors.ts";
import { isTaskId, type TaskId } from "../core/ids.ts";
import { findFlaw } from "../core/sound-task.ts";
import { answerEach, type BatchAnswer, type QueueMessage } from "./answer-each.ts";
import { changeTask } from "./change-task.ts";
import { beginLook, considerTask, putAside } from "./consider-task.ts";
import { recordAct } from "./record-act.ts";

const by = "system:dead-letter";
const keptBodyCharacters = 300;

type IsServiceFailure = (error: unknown) => boolean;

export function buryWakeUps(
  cloud: Cloud,
  messages: readonly QueueMessage[],
  isServiceFailure: IsServiceFailure,
): Promise<BatchAnswer> {
  return answerEach("dead wake-up", messages, async ({ body }) => {
    await buryWakeUp(cloud, body, isServiceFailure);
    return "done";
  });
}

/**
 * The dispatcher may have failed because of any task, or of a service that was down. So the wake-up's own task is looked
 * at alone: only if that fails, and not for want of a service, it is given up. Service failures are thrown on, and the
 * message stays where it is.
 */
async function buryWakeUp(cloud: Cloud, body: string, isServiceFailure: IsServiceFailure): Promise<void> {
  const taskId = readTaskId(body);
  if (!taskId) return record(cloud, "wake_up_refused", { body: body.slice(0, keptBodyCharacters) });
  const task = await cloud.table.getTask(taskId);
  if (task?.status !== "queued") return record(cloud, "wake_up_buried", { taskId, status: task?.status ?? "unknown" });
  const flaw = findFlaw(task);
  if (flaw) return giveUp(cloud, taskId, flaw);
  try {
    // One that waits has a time that must stand: it is looked at once that has come.
    const verdict = task.due ? undefined : await considerTask(cloud, beginLook(cloud), task);
    if (verdict?.kind === "wait") await putAside(cloud, [verdict]);
    // It can be dispatched after all; the reaper wakes it again.
    await record(cloud, "wake_up_buried", { taskId, status: task.status });
  } catch (error) {
    if (isServiceFailure(error) || hasCode(error, "busy")) throw error;
    await giveUp(cloud, taskId, error instanceof Error ? error.message : String(error));
  }
}

async function giveUp(cloud: Cloud, taskId: TaskId, cause: string): Promise<void> {
  const why = `It cannot be dispatched: ${cause}. Its own data is the cause.`;
  await changeTask(cloud, taskId, by, () => ({ event: { type: "given_up", why } }));
}

function readTaskId(body: string) {
  try {
    const { taskId } = JSON.parse(body) as { taskId?: unknown };
    return typeof taskId === "string" && isTaskId(taskId) ? taskId : undefined;
  } catch {
    return undefined; // Not JSON: no wake-up of ours.
  }
}

async function record(cloud: Cloud, type: string, data: Record<string, unknown>): Promise<void> {
  await recordAct(cloud, "global", by, () => ({ type, data, writes: [] }));
}
