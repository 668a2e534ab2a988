// Does each time of a schedule become one task, soon after it has come, and is no edit of it lost?
import type { Schedule } from "../../../functions/core/schedules.ts";
import type { Stage } from "../stage.ts";
import { isLeftSince } from "./left.ts";

/** When the reaper moves it on: from what was read, and to a time that has not come yet. */
export function watchFiring(stage: Stage, before: Schedule, after: Schedule, act: () => unknown): unknown {
  const { table, world, judge } = stage;
  const stored = table.schedules.get(before.scheduleId);
  const outcome = act();
  if (outcome !== "replaced") return outcome;
  judge.count("schedule fired");
  if (stored?.version !== after.version - 1)
    world.fail("schedule_overwritten", `${after.scheduleId} went from version ${stored?.version} to ${after.version}`);
  if ((after.nextAt ?? 0) <= (before.nextAt ?? 0))
    world.fail("schedule_stays", `${after.scheduleId} was due at ${before.nextAt} and is due at ${after.nextAt}`);
  return outcome;
}

/** At the beginning of each round. */
export function checkSchedules(stage: Stage): void {
  const { table, world } = stage;
  for (const { scheduleId, nextAt } of table.schedules.values()) {
    const sinceMs = (nextAt ?? world.trueTime) - (world.trueTime - world.now);
    if (isLeftSince(stage, sinceMs)) world.fail("schedule_late", `${scheduleId} was due at ${nextAt}, and nobody came`);
  }
}

/** At the end: a task for each due time that was submitted, and no other. */
export function checkFirings({ table, world }: Stage): void {
  const fired = new Set<string>();
  for (const [key, { taskId }] of table.idempotency) if (key.includes("#sch_")) fired.add(taskId);
  for (const { task } of table.rows.values())
    if (task.createdBy.startsWith("sch_") && !fired.delete(task.taskId))
      world.fail("fired_twice", `${task.taskId} belongs to no time of ${task.createdBy}`);
  if (fired.size > 0) world.fail("task_lost", `times of a schedule became ${[...fired]}, and these are not there`);
}
