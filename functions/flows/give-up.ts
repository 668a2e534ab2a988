// A live attempt is silent, or goes on for too long: is it given up from outside?
import type { Cloud } from "../core/cloud.ts";
import type { Attempt, Failure } from "../core/task.ts";
import { changeTask } from "./change-task.ts";
import { askBackend, type Round } from "./round.ts";
import { wakeAfter } from "./wake.ts";

const by = "system:reaper";

/** `now` is the moment of the look: what this process has slept through since then is nobody's silence. */
export async function giveUpIfOver(
  cloud: Cloud,
  round: Round,
  attempt: Attempt,
  { now, leasesHoldUntil }: { now: number; leasesHoldUntil: number },
): Promise<void> {
  const { agentId, state, leaseExpiresAt, mustEndAt } = attempt;
  if (mustEndAt !== undefined && mustEndAt <= now) {
    const why = "has gone on long after its wall-clock limit";
    const message = `${agentId} ${why}, and its supervisor did not end it. Allow it more time, or look at its log.`;
    return giveUp(cloud, round, attempt, { class: "timeout", message }, why);
  }
  if (leaseExpiresAt > now || leasesHoldUntil > now) return;
  const why = state === "spawning" ? "was not up in time" : "has been silent too long";
  const failure: Failure = { class: "infrastructure", message: `The sandbox of ${agentId} ${why}.` };
  return giveUp(cloud, round, attempt, failure, why, leaseExpiresAt);
}

/** With `ifLeaseAt` a beat that comes between the read and the write moves the lease, and the write is refused: it lives. */
async function giveUp(
  cloud: Cloud,
  round: Round,
  { agentId, taskId, attempt, backend, sandboxArn }: Attempt,
  failure: Failure,
  why: string,
  ifLeaseAt?: number,
): Promise<void> {
  const change = await changeTask(
    cloud,
    taskId,
    by,
    async (task) => {
      const current = await cloud.table.getAttempt(agentId);
      const isAlive = ifLeaseAt !== undefined && current?.leaseExpiresAt !== ifLeaseAt;
      if (task.attempt !== attempt || isAlive) {
        return { kind: "refused", code: "illegal_transition", reason: `${agentId} is alive after all, or not current` };
      }
      return { event: { type: "attempt_failed", failure } };
    },
    { ifLeaseAt },
  );
  if (change.kind !== "changed") return;
  await wakeAfter(cloud, change.task);
  // What cannot be stopped now is an orphan from here on.
  if (sandboxArn) {
    await askBackend(round, backend, () => cloud.sandboxes(backend).stop(sandboxArn, `${agentId} ${why}`));
  }
}
