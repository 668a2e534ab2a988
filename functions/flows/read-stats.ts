// How many tasks are in which state? Live ones from the slots they hold, the rest from counters: nothing is scanned.
import type { Cloud } from "../core/cloud.ts";
import { parseAgentId } from "../core/ids.ts";
import { isLive, type TaskStatus } from "../core/task.ts";

export type Stats = Record<TaskStatus | "delayed", number>;

/** The parts are read one after the other, so they may be apart by what happened in between. */
export async function readStats(cloud: Cloud, workspace: string): Promise<Stats> {
  const [counts, held, delayed] = await Promise.all([
    cloud.table.countTasks(workspace),
    cloud.table.heldSlots("global"),
    cloud.table.countDelayed(workspace),
  ]);
  const live = { launching: 0, running: 0, verifying: 0, publishing: 0 };
  const holders = held.filter((slot) => slot.workspace === workspace);
  const tasks = await Promise.all(
    holders.map(({ holder }) => {
      const agent = parseAgentId(holder);
      return agent && cloud.table.getTask(agent.taskId);
    }),
  );
  for (const task of tasks) if (task && isLive(task.status)) live[task.status] += 1;
  const running = Object.values(live).reduce((sum, n) => sum + n, 0);
  const { active, ...ended } = counts;
  const waiting = Math.max(0, active - running);
  return { queued: Math.max(0, waiting - delayed), delayed: Math.min(delayed, waiting), ...live, ...ended };
}
