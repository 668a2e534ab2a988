// Does each path meet its bound when nothing goes wrong and no reaper runs? Then no backstop hides what is broken.
import type { AgentId } from "../../../functions/core/ids.ts";
import { isFenced } from "../../../functions/core/switches.ts";
import type { TaskChange } from "../../../functions/core/table.ts";
import { isFinal } from "../../../functions/core/task.ts";
import type { Stage } from "../stage.ts";

/** Until then everything that was asked for must have happened without a reaper. */
const boundMs = 599_000;
/** From a kill to the end of the sandbox, whatever it was doing. */
const killBoundMs = 12_000;
const stopBoundMs = 15_000;
const launchBoundMs = 60_000;
/** From the end of a sandbox to the event that tells of its cleanup. */
const cleanupBoundMs = 10_000;
/** From the end of a task to the answer of everybody who is to be told. */
const noticeBoundMs = 25_000;
/** From the moment at which a task may run, and a slot is free, to its claim. */
const claimBoundMs = 15_000;
const code = { end: 8, kill: 9, stop: 10, cleanup: 12, notice: 13 };

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
    if (task.due?.kind === "pull_request")
      world.fail("slow_without_reaper", `the pull request of ${task.taskId} is not open`);
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

/** ECS tells of the end of a sandbox, and that is enough. */
export function expectCleanup({ world, table }: Stage, agentId: AgentId): void {
  if (!world.swarm.isCalm || !world.faultsAreOn) return;
  world.plan(world.now + cleanupBoundMs, code.cleanup, () => {
    if (table.attempts.get(agentId)?.cleanedUpAt === undefined)
      world.fail("cleanup_slow", `${agentId} is not cleaned up ${cleanupBoundMs} ms after the end of its sandbox`);
  });
}

/** A free slot goes at once to whoever waits for it, and an end is told at once. */
export function watchPace(stage: Stage, { before, after, event, slots = [] }: TaskChange): void {
  const { world, pace } = stage;
  const { isCalm, weights, operator } = world.swarm;
  if (!isCalm || !world.faultsAreOn) return;
  if (slots.some(({ kind }) => kind === "release")) pace.freedAt = world.now;
  if (isFinal(after.status) && !isFinal(before.status)) expectNotice(stage, after);
  // What waits for a reaper, or for an operator, has no bound of its own.
  if (event.type !== "claimed" || weights.launch_no_capacity > 0 || operator !== "none") return;
  const readyMs = before.createdAt - (world.trueTime - world.now);
  const waitedMs = world.now - Math.max(readyMs, pace.freedAt);
  if (waitedMs > claimBoundMs)
    world.fail("claim_slow", `${after.taskId} was claimed ${waitedMs} ms after a slot was free for it`);
}

function expectNotice({ world, table }: Stage, { taskId }: TaskChange["after"]): void {
  world.plan(world.now + noticeBoundMs, code.notice, () => {
    const pending = [...table.notices.deliveries.values()].filter((one) => one.taskId === taskId);
    if (table.notices.owedOf(taskId).length > 0 || pending.some(({ state }) => state === "pending"))
      world.fail("notice_slow", `not everybody was told of ${taskId} within ${noticeBoundMs} ms of its end`);
  });
}
