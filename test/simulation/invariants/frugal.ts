// Does work cost a bounded number of calls, whatever goes wrong? A storm that feeds itself would show nowhere else.
import type { Stage } from "../stage.ts";

/** Steps (calls, messages, sleeps) for each task, each of its events and each round of the reaper; a bad day takes 45. */
const mostSteps = 80;
/** Where slots are contended a claim is tried eight times, and in vain again and again, which leaves no event. */
const mostContendedSteps = 160;

export function checkFrugal({ world, table }: Stage): void {
  const { reapers, reapEveryMs } = world.swarm;
  const rounds = Math.ceil(world.now / reapEveryMs) * Math.max(1, reapers);
  let reasons = rounds;
  for (const { events } of table.rows.values()) reasons += events.length;
  const most = world.swarm.weights.slots_contended > 0 ? mostContendedSteps : mostSteps;
  if (world.steps > most * reasons)
    world.fail("calls_unbounded", `${world.steps} steps for ${reasons} events and rounds`);
}
