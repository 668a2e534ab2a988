// Does each path meet its bound when nothing goes wrong and no reaper runs? Then no backstop hides what is broken.
import type { AgentId } from "../../../functions/core/ids.ts";
import { isFenced } from "../../../functions/core/switches.ts";
import { isFinal } from "../../../functions/core/task.ts";
import type { Stage } from "../stage.ts";

/** Until then everything that was asked for must have happened without a reaper. */
const boundMs = 599_000;
/** From a kill to the end of the sandbox, whatever it was doing. */
const killBoundMs = 12_000;
const stopBoundMs = 15_000;
const launchBoundMs = 60_000;
const code = { end: 8, kill: 9, stop: 10 };

export function addCalmCheck(stage: Stage): void {
  const { world } = stage;
  if (!world.swarm.isCalm) return;
  world.plan(boundMs, code.end, () => checkCalm(stage));
}

function checkCalm({ world, table, ecs }: Stage): void {
  for (const { task } of table.rows.values()) {
    const isLaunching = task.status === "launching" && world.trueTime < task.updatedAt + launchBoundMs;
    // What found no room waits for the reaper, and so may the others for its slot.
    const mayWait = world.swarm.weights.launch_no_capacity > 0 && task.status === "queued";
    if (!isFinal(task.status) && !isLaunching && !mayWait)
      world.fail("slow_without_reaper", `${task.taskId} is still ${task.status}`);
    const neverLaunched = !ecs.byAgent.has(`agt_${task.taskId.slice(4)}_${task.attempt}`);
    // Only the reaper can learn that nothing was ever started.
    if (isFinal(task.status) && !task.stopConfirmation && !neverLaunched)
      world.fail("slow_without_reaper", `the stop of ${task.taskId} is not confirmed`);
  }
  if (world.swarm.weights.launch_no_capacity > 0) return;
  for (const { agentId } of ecs.alive()) world.fail("slow_without_reaper", `the sandbox of ${agentId} still runs`);
}

/** A kill stops the sandbox by itself; neither the supervisor's next beat nor the reaper is needed for it. */
export function expectStop({ world, ecs }: Stage, agentId: AgentId): void {
  if (!world.swarm.isCalm || !world.faultsAreOn) return;
  world.plan(world.now + killBoundMs, code.kill, () => {
    if (ecs.liveOf(agentId).length > 0) world.fail("kill_slow", `${agentId} lives ${killBoundMs} ms after its kill`);
  });
}

/** A stop ends everything that it covers by itself. */
export function expectEndOfAll({ world, table }: Stage): void {
  if (!world.swarm.isCalm || !world.faultsAreOn) return;
  world.plan(world.now + stopBoundMs, code.stop, () => {
    for (const { task } of table.rows.values()) {
      if (
        !isFinal(task.status) &&
        isFenced(task, table.getSwitches(task)) &&
        task.createdAt < world.trueTime - stopBoundMs
      )
        world.fail("stop_slow", `${task.taskId} is ${task.status} ${stopBoundMs} ms after the stop that covers it`);
    }
  });
}
