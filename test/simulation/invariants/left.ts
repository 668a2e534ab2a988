// Is anything left that nobody owns? The reaper finds it in its next round, whatever else would find it much later.
import { launchDeadlineMs } from "../../../functions/flows/launch-attempt.ts";
import type { Stage } from "../stage.ts";

/** How long one round takes at most, with a stop that it has to finish before. */
const roundMs = 40_000;
/** A backend that was found silent is left in peace for so long. */
const findingMs = 30_000;

/** A write that stays contended is left to the next round: where nine in ten are, that may happen twice. */
const roundsOf = ({ world }: Stage) => (world.swarm.situation === "contended" ? 3 : 1);

const boundOf = (stage: Stage) => roundsOf(stage) * stage.world.swarm.reapEveryMs + roundMs;

/** Since that moment of the world's clock a whole round has had the time for it, on a sound cloud. */
export function isLeftSince(stage: Stage, since: number): boolean {
  const { now, swarm } = stage.world;
  return now > Math.max(since, swarm.soundFromMs + findingMs) + boundOf(stage);
}

/** At the beginning of each round, so that the one before has had all its time. */
export function checkLeft(stage: Stage): void {
  const { world, table, ecs } = stage;
  const boundMs = boundOf(stage);
  const epochMs = world.trueTime - world.now;
  const isLate = (since: number) => isLeftSince(stage, since - epochMs);
  if (!isLate(0)) return;
  for (const { agentId, sandboxArn, state, visibleAt } of ecs.alive()) {
    const endedAt = table.attempts.get(agentId)?.endedAt;
    if (endedAt === undefined || state === "stopping" || !isLate(Math.max(endedAt, visibleAt))) continue;
    world.fail("orphan_slow", `${sandboxArn} of ${agentId} still runs, ${boundMs} ms after nobody owned it any more`);
  }
  for (const { agentId, sandboxArn, endedAt, state, claimedAt } of table.attempts.values()) {
    if (state === "spawning" && !sandboxArn && isLate(claimedAt + launchDeadlineMs))
      world.fail("launch_slow", `${agentId} holds its slots ${boundMs} ms after its launch was to begin at the latest`);
    const { stoppedAt, visibleAt = 0 } = ecs.sandboxes.get(sandboxArn ?? "") ?? {};
    // Until ECS lists it, nobody can see that it has stopped.
    if (endedAt === undefined && stoppedAt !== undefined && isLate(Math.max(stoppedAt, visibleAt)))
      world.fail("loss_slow", `${agentId} is taken for alive ${boundMs} ms after its sandbox has stopped`);
  }
  for (const { task } of table.rows.values()) {
    if (task.status === "queued" && task.due && isLate(task.due.at))
      world.fail("wait_slow", `${task.taskId} still waits ${boundMs} ms after its time has come`);
  }
  for (const [slot, { holder }] of table.slots) {
    const endedAt = table.attempts.get(holder)?.endedAt;
    if (endedAt !== undefined && isLate(endedAt))
      world.fail("slot_slow", `${slot} is held ${boundMs} ms after the end of ${holder}`);
  }
}
