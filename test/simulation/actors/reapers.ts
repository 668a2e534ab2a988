// When does the reaper come? On its schedule; in some schedules twice at once, in others not until the faults are over.
import { reap } from "../../../functions/flows/reap.ts";
import { writeDigest } from "../../../functions/flows/write-digest.ts";
import { openSimCloud } from "../cloud/sim-cloud.ts";
import { checkLeft } from "../invariants/left.ts";
import { checkSchedules } from "../invariants/schedules.ts";
import { checkStopped } from "../invariants/stops.ts";
import type { Stage } from "../stage.ts";

const code = 7;

export function addReapers(stage: Stage): void {
  const { world } = stage;
  const tick = () => {
    const { reapers: wanted, reapersBackMs } = world.swarm;
    const reapers = world.now < reapersBackMs ? wanted : Math.max(1, wanted);
    for (let n = 0; n < reapers; n += 1) startReaper(stage);
    if (world.swarm.isDigestDue) startDigest(stage);
    checkStopped(stage);
    checkLeft(stage);
    checkSchedules(stage);
    if (!world.swarm.isCalm || !world.faultsAreOn) world.isOver ||= stage.isSettled();
    world.plan(world.now + world.swarm.reapEveryMs, code, tick);
  };
  world.plan(world.swarm.reapEveryMs, code, tick);
}

function startReaper(stage: Stage): void {
  const activity = stage.world.begin("reaper");
  stage.ambushes.reaper.shift()?.();
  const cloud = openSimCloud(stage, activity);
  activity.run(
    () => reap(cloud),
    () => undefined,
  );
}

/** As often as the reaper comes, so that a short schedule has it; and at the same moment. */
function startDigest(stage: Stage): void {
  const activity = stage.world.begin("digest");
  const cloud = openSimCloud(stage, activity);
  activity.run(
    () => writeDigest(cloud),
    () => undefined,
  );
}
