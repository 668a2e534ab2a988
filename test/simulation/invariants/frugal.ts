// Does work cost a bounded number of calls, whatever goes wrong? A storm that feeds itself would show nowhere else.
import type { Stage } from "../stage.ts";

/** Steps (calls, messages, sleeps) for each task, each of its events and each round of the reaper; a bad day takes 45. */
const mostSteps = 80;

export function checkFrugal({ world, table }: Stage): void {
  const { reapers, reapEveryMs } = world.swarm;
  const rounds = Math.ceil(world.now / reapEveryMs) * Math.max(1, reapers);
  let reasons = rounds;
  for (const { events } of table.rows.values()) reasons += events.length;
  if (world.steps > mostSteps * reasons)
    world.fail("calls_unbounded", `${world.steps} steps for ${reasons} events and rounds`);
}
