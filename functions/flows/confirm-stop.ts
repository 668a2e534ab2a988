// ECS says that a sandbox has stopped: what does that mean for its task?
import type { Cloud } from "../core/cloud.ts";
import { hasCode } from "../core/errors.ts";
import type { TaskEvent } from "../core/events.ts";
import { type AgentId, parseAgentId } from "../core/ids.ts";
import { explainEnd, hasNotBegun, isLaunchOutage } from "../core/sandbox-end.ts";
import { isLive, type Task } from "../core/task.ts";
import { restBackend } from "./backends.ts";
import { changeTask } from "./change-task.ts";
import { afterCleanup, decideCleanup, recordCleanup } from "./clean-up.ts";
import { goBack } from "./launch-attempt.ts";
import { wakeAfter } from "./wake.ts";

const by = "system:sandbox-state";

/**
 * An ended attempt is cleaned up with it. A live one has lost its sandbox: it fails first. Called more than once, and in
 * any order with the supervisor's own last words, the first cause wins.
 */
export async function confirmStop(cloud: Cloud, agentId: AgentId, why: string): Promise<void> {
  const parsed = parseAgentId(agentId);
  if (!parsed) return;
  const { taskId, attempt } = parsed;
  const change = await changeTask(cloud, taskId, by, (task) =>
    task.attempt === attempt && isLive(task.status)
      ? { event: endOf(cloud, task, why) }
      : decideCleanup(cloud, task, attempt, "stopped", why),
  ).catch((error: unknown) => {
    // Somebody else's drover uses the same cluster, and we hear of its sandboxes too.
    if (hasCode(error, "task_not_found")) return undefined;
    throw error;
  });
  if (change?.kind !== "changed") return;
  const wasLost = change.before.attempt === attempt && isLive(change.before.status);
  if (!wasLost) return afterCleanup(cloud, change.task);
  if (isLaunchOutage(why)) await restBackend(cloud, change.task.backend);
  await wakeAfter(cloud, change.task);
  await recordCleanup(cloud, agentId, "stopped", why);
}

/** One that an outage kept from its start, or from its task, has not been tried; it waits as one does that found no capacity. */
function endOf(cloud: Cloud, task: Task, why: string): TaskEvent {
  if (hasNotBegun(why)) return { ...goBack(cloud, task, why), hasNotBegun: true };
  if (task.status === "launching" && isLaunchOutage(why)) return goBack(cloud, task, why);
  return { type: "attempt_failed", failure: explainEnd(why) };
}
