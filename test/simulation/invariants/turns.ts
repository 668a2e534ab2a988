// Does a crowd that falls due at one moment keep another workspace's task from its time? By no more than a page of it.
import type { Task } from "../../../functions/core/task.ts";
import type { Stage } from "../stage.ts";

/** What is looked at together. */
const page = 50;

/** At each task that may run from now on: how many of others were let go since its time had come. */
export function watchTurn({ world, letGo }: Stage, { taskId, workspace, due }: Task): void {
  if (world.swarm.situation !== "rush" || due === undefined) return;
  const before = letGo.filter((other) => other.workspace !== workspace && other.at >= due.at).length;
  if (before > page)
    world.fail("turn_lost", `${before} tasks of others came before ${taskId}, which was due with them`);
  letGo.push({ workspace, at: world.trueTime });
}
