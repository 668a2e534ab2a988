// A supervisor says that it lives: its lease moves on, with what it is doing and has printed.
import type { Cloud } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import type { Beat } from "../core/task.ts";
import { authenticate, type Caller, readAsCaller } from "./call-back.ts";

/**
 * One write when all is well; only a refused one reads, to say why. No switch is looked at: a beat reaches nothing outside
 * its attempt, and between a stop's fence and the task's own kill it is still answered. Answers the number of the
 * agent's last message.
 */
export async function recordBeat(cloud: Cloud, caller: Caller, beat: Beat): Promise<{ inbox: number }> {
  const { agentId } = authenticate(cloud, caller);
  const now = cloud.clock.now();
  const outcome = await cloud.table.beat(agentId, beat, now + cloud.settings.leaseMs, now);
  if (outcome.kind === "accepted") return { inbox: outcome.inbox };
  await readAsCaller(cloud, caller);
  throw new DroverError("illegal_transition", `${agentId} has not started: call start before the first beat.`);
}
