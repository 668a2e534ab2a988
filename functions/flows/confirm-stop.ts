// ECS says that a sandbox has stopped: what does that mean for its task?
import type { Cloud } from "../core/cloud.ts";
import { type AgentId, parseAgentId } from "../core/ids.ts";
import { explainEnd } from "../core/sandbox-end.ts";
import { isFinal, isLive, type StopConfirmation, type Task } from "../core/task.ts";
import { changeTask } from "./change-task.ts";
import { resolveOutcome } from "./resolve-outcome.ts";
import { wakeAfter } from "./wake.ts";

const by = "system:sandbox-state";

/**
 * For an ended task it confirms the stop. A live task has lost its sandbox: the attempt fails. Called more than once,
 * and in any order with the supervisor's own last words, the first cause wins.
 */
export async function confirmStop(
  cloud: Cloud,
  agentId: AgentId,
  how: Exclude<StopConfirmation, "not_needed">,
  why: string,
): Promise<void> {
  const parsed = parseAgentId(agentId);
  if (!parsed) return;
  await cloud.table.recordSandboxStopped(agentId, cloud.clock.now());
  const change = await changeTask(cloud, parsed.taskId, by, (task) => decide(task, parsed.attempt, how, why));
  if (change.kind !== "changed") return;
  if (!isFinal(change.before.status)) await wakeAfter(cloud, change.task);
  if (change.task.due?.kind === "outcome") await resolveOutcome(cloud, change.task);
}

function decide(task: Task, attempt: number, how: StopConfirmation, why: string) {
  const ignored = { kind: "refused", code: "illegal_transition", reason: "nothing waits for this stop" } as const;
  if (task.attempt !== attempt) return ignored;
  if (isLive(task.status)) {
    return { event: { type: "attempt_failed", failure: explainEnd(why) } } as const;
  }
  if (task.due?.kind !== "stop") return ignored;
  return { event: { type: "stop_confirmed", how } } as const;
}
