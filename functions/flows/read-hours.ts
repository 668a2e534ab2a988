// What came to pass in the last day, hour by hour? From counters, and from the attempts that these do not hold yet.
import type { Cloud } from "../core/cloud.ts";
import { taskIdsOf } from "../core/ids.ts";
import { emptyHour, type Hour, hourMs, hourOf, spentByHour } from "../core/spending.ts";

/** The hour that is not over, and a day before it: the day of wherever somebody looks has begun in one of them. */
const hoursShown = 25;
/** A cleanup is never put off longer. */
const furthestCleanupMs = 7 * 24 * hourMs;
const maxCleanups = 1_000;

/** Oldest first and without a gap. The parts are read one after the other, so they may be apart by what happened in between. */
export async function readHours(cloud: Cloud, workspaces: readonly string[]): Promise<Hour[]> {
  const until = hourOf(cloud.clock.now());
  const from = until - hoursShown + 1;
  const hours = Array.from({ length: hoursShown }, (_, n) => emptyHour(from + n));
  const counted = await Promise.all(workspaces.map((workspace) => cloud.table.listHours(workspace, from, until)));
  for (const one of counted.flat()) {
    const sum = hours[one.hour - from];
    if (!sum) continue;
    sum.completed += one.completed;
    sum.failed += one.failed;
    sum.killed += one.killed;
    sum.microDollars += one.microDollars;
  }
  for (const [hour, microDollars] of await readUncounted(cloud, workspaces)) {
    const sum = hours[hour - from];
    if (sum) sum.microDollars += microDollars;
  }
  return hours;
}

/** What attempts have spent that live, or are not cleaned up: as many as there are slots, and a few. */
async function readUncounted(cloud: Cloud, workspaces: readonly string[]): Promise<[hour: number, number][]> {
  const [held, owing] = await Promise.all([
    cloud.table.heldSlots("global"),
    cloud.table.dueCleanups(cloud.clock.now() + furthestCleanupMs, maxCleanups),
  ]);
  const tasks = await cloud.table.getTasks(taskIdsOf([...held.map(({ holder }) => holder), ...owing]));
  // Only models cost money.
  const spending = tasks.filter(({ provider, workspace }) => provider && workspaces.includes(workspace));
  const attempts = await Promise.all(spending.map(({ taskId }) => cloud.table.listAttempts(taskId)));
  return attempts.flatMap((all) =>
    all.flatMap(({ attempt, cleanedUpAt }) => (cleanedUpAt === undefined ? [...spentByHour(all, attempt)] : [])),
  );
}
