// Is an attempt given up only for what is its own fault?
import { agentIdOf } from "../../../functions/core/ids.ts";
import type { TaskChange } from "../../../functions/core/table.ts";
import { isLive, type Task } from "../../../functions/core/task.ts";
import type { Stage } from "../stage.ts";

/** At each end that ECS's word has brought about. */
export function watchLoss({ ecs, world }: Stage, { taskId, attempt, status }: Task, { event }: TaskChange): void {
  if (event.by !== "system:sandbox-state" || event.type === "cleanup" || !isLive(status)) return;
  const agentId = agentIdOf(taskId, attempt);
  if (ecs.liveOf(agentId).length > 0)
    world.fail("lost_alive", `${event.type} of ${agentId}, whose sandbox is said to have stopped and lives`);
}

/** What nobody could hear was no silence: where only the API is away, no agent that lives is given up for it. */
export function watchSilence({ ecs, world }: Stage, { taskId, attempt }: Task): void {
  const agentId = agentIdOf(taskId, attempt);
  if (world.swarm.situation === "deaf" && ecs.liveOf(agentId).some(({ state }) => state === "running"))
    world.fail("expired_unheard", `${agentId} was given up, and the API has heard nobody`);
}
