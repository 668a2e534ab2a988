// Is ECS asked for launches as rarely as it wants, and does nobody pay for its failures?
import { hasNotBegun, isLaunchOutage } from "../../../functions/core/sandbox-end.ts";
import type { TaskChange } from "../../../functions/core/table.ts";
import type { Stage } from "../stage.ts";

const windowMs = 10_000;
/** What more than the bucket may be asked for. */
const slack = 1.1;
/** In an outage: fewer than one and a half in a minute, however many wait. */
const outageEveryMs = 40_000;

/** At each RunTask, whatever it answers: ten seconds hold no more of them than the bucket gives, and a little. */
export function watchRate({ world, launchedAt }: Stage): void {
  launchedAt.push(world.now);
  const { burst, perSecond } = world.swarm.launchBucket;
  const most = slack * (burst + (perSecond * windowMs) / 1000);
  const first = launchedAt[launchedAt.length - Math.floor(most) - 1];
  if (first !== undefined && first > world.now - windowMs)
    world.fail("launch_storm", `more than ${most} launches were asked for in ${windowMs} ms`);
}

/** Twelve hours without a launch are a few hundred calls, not thousands. */
export function checkOutage({ world, launchedAt }: Stage): void {
  const { situation, faultsEndMs } = world.swarm;
  if (situation !== "outage") return;
  const during = launchedAt.filter((at) => at < faultsEndMs).length;
  const most = faultsEndMs / outageEveryMs;
  if (during > most)
    world.fail("outage_storm", `${during} launches were asked for in an outage of ${faultsEndMs} ms, not ${most}`);
}

/** What ECS could not start, or was never told its task, nobody has tried. */
export function watchBurn({ world }: Stage, { before, event }: TaskChange): void {
  if (event.type !== "attempt_failed") return;
  const { message = "" } = (event.data.failure ?? {}) as { message?: string };
  const why = message.replace(/^[^:]*: /, "");
  const isOutage = before.status === "launching" ? isLaunchOutage(why) : hasNotBegun(why);
  if (isOutage) world.fail("outage_burnt", `${event.taskId} has used up an attempt: ${message}`);
}
