// Does a workspace with a long queue keep another waiting? Never while the other has fewer tasks at work.

import { isFenced } from "../../../functions/core/switches.ts";
import type { TaskChange } from "../../../functions/core/table.ts";
import type { Stage } from "../stage.ts";

/** By then whoever chooses has seen that a task is ready. */
const seenWithinMs = 5_000;
/** Those who choose at the same moment do not see each other's claims. */
const tolerated = 1;

/** At each claim, where nothing goes wrong: the same holds for the next slot, so it bounds the wait of the other. */
export function watchFairness({ table, world }: Stage, { after, event }: TaskChange): void {
  const { isCalm, situation } = world.swarm;
  if (event.type !== "claimed" || !(isCalm || situation === "crowd")) return;
  const running = new Map<string, number>();
  for (const { pool, workspace } of table.slots.values())
    if (pool === "global") running.set(workspace, (running.get(workspace) ?? 0) + 1);
  const mine = (running.get(after.workspace) ?? 0) - 1;
  for (const { task, changedAt } of table.rows.values()) {
    if (task.workspace === after.workspace || task.status !== "queued" || task.due) continue;
    const theirs = running.get(task.workspace) ?? 0;
    if (mine <= theirs + tolerated || changedAt > world.trueTime - seenWithinMs) continue;
    const switches = table.getSwitches(task);
    if (isFenced(task, switches) || Object.values(switches).some(({ paused }) => paused)) continue;
    world.fail("unfair", `${after.workspace} has ${mine} at work and gets a slot; ${task.workspace} has ${theirs}`);
    return;
  }
}
