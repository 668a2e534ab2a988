// How many tasks are in which state? Live ones from the slots they hold, the rest from counters: nothing is scanned.
import type { Cloud } from "../core/cloud.ts";
import { taskIdsOf } from "../core/ids.ts";
import { isLive, type TaskStatus } from "../core/task.ts";

export type Stats = Record<TaskStatus | "delayed", number> & {
  /** There are more delayed tasks than were looked at: those that nobody looked at count as queued. */
  moreDelayed?: true;
};

/** Delayed tasks of all workspaces: they stand together, by their time. */
const looksAt = 10_000;

/** Of all these workspaces together. The parts are read one after the other, so they may be apart by what happened in between. */
export async function readStats({ table }: Cloud, workspaces: readonly string[], limit = looksAt): Promise<Stats> {
  const [counts, found, held] = await Promise.all([
    Promise.all(workspaces.map((workspace) => table.countTasks(workspace))),
    table.countDelayed(workspaces, limit),
    table.heldSlots("global"),
  ]);
  const asked = new Set(workspaces);
  const holders = new Set(held.filter(({ workspace }) => asked.has(workspace)).map(({ holder }) => holder));
  const live = { launching: 0, running: 0, verifying: 0, publishing: 0 };
  for (const { status } of await table.getTasks(taskIdsOf(holders))) if (isLive(status)) live[status] += 1;
  const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0);
  const of = (name: keyof (typeof counts)[number]) => sum(counts.map((count) => count[name]));
  const waiting = Math.max(0, of("active") - sum(Object.values(live)));
  const delayed = Math.min(found.delayed, waiting);
  const ended = { completed: of("completed"), failed: of("failed"), killed: of("killed") };
  const more = found.isAll ? {} : ({ moreDelayed: true } as const);
  return { queued: waiting - delayed, delayed, ...more, ...live, ...ended };
}
