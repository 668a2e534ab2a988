// Does a workspace with a long queue keep another waiting? Never while the other has fewer tasks at work.

import { backendPool, repositoryPool } from "../../../functions/core/slots.ts";
import { isFenced } from "../../../functions/core/switches.ts";
import type { TaskChange } from "../../../functions/core/table.ts";
import type { Task } from "../../../functions/core/task.ts";
import type { Stage } from "../stage.ts";

/** By then whoever chooses has seen that a task is ready. */
const seenWithinMs = 5_000;
/** By then whoever comes when a slot is free has it. */
const besideHaltedMs = 15_000;
/** Those who choose at the same moment do not see each other's claims. */
const tolerated = 1;
/** A task that is held is not seen by whoever chooses until it is let go: so often another may be faster. */
const passesOfHeld = 4;

/** At each claim, where nothing goes wrong: the same holds for the next slot, so it bounds the wait of the other. */
export function watchFairness(stage: Stage, { after, event }: TaskChange): void {
  const { isCalm, situation } = stage.world.swarm;
  if (event.type !== "claimed" || !(isCalm || situation === "crowd")) return;
  const ready = findKeptWaiting(stage, after, "global", ({ due }) => !due);
  if (ready) stage.world.fail("unfair", `${after.workspace} gets a slot before ${ready.workspace}, which has fewer`);
  for (const pool of [backendPool(after.backend), repositoryPool(after.repositoryKey)]) {
    const held = findKeptWaiting(stage, after, pool, ({ due }) => due?.kind === "held" && due.pool === pool);
    if (!held) continue;
    const passes = (stage.passes.get(held.taskId) ?? 0) + 1;
    stage.passes.set(held.taskId, passes);
    if (passes > passesOfHeld)
      stage.world.fail("unfair", `${held.taskId} is held for ${pool} and was passed over ${passes} times`);
  }
}

/** Where nothing else runs, and a crowd that was stopped stands before whoever comes. */
export function watchHalted({ world }: Stage, { before, event }: TaskChange): void {
  if (event.type !== "claimed" || before.attempt > 0 || world.swarm.situation !== "halted") return;
  const waitedMs = world.trueTime - before.createdAt;
  if (waitedMs > besideHaltedMs)
    world.fail("hidden", `${before.taskId} waited ${waitedMs} ms behind what can never run, with slots free`);
}

/** A task of a workspace that has fewer at work in that pool than the one that gets a slot of it now. */
function findKeptWaiting(
  { table, world }: Stage,
  { workspace }: Task,
  pool: string,
  waits: (task: Task) => boolean,
): Task | undefined {
  const running = new Map<string, number>();
  for (const slot of table.slots.values())
    if (slot.pool === pool) running.set(slot.workspace, (running.get(slot.workspace) ?? 0) + 1);
  const mine = (running.get(workspace) ?? 0) - 1;
  for (const { task, changedAt } of table.rows.values()) {
    if (task.workspace === workspace || task.status !== "queued" || !waits(task)) continue;
    if (mine <= (running.get(task.workspace) ?? 0) + tolerated || changedAt > world.trueTime - seenWithinMs) continue;
    const switches = table.getSwitches(task);
    if (isFenced(task, switches) || Object.values(switches).some(({ paused }) => paused)) continue;
    return task;
  }
  return undefined;
}
