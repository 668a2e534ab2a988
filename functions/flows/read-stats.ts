// How many tasks are in which state? Live ones from the slots they hold, the rest from counters: nothing is scanned.
import type { Cloud } from "../core/cloud.ts";
import { parseAgentId, type TaskId } from "../core/ids.ts";
import { isLive, type TaskStatus } from "../core/task.ts";

export type Stats = Record<TaskStatus | "delayed", number>;

/** Of all these workspaces together. The parts are read one after the other, so they may be apart by what happened in between. */
export async function readStats({ table }: Cloud, workspaces: readonly string[]): Promise<Stats> {
  const [counts, delays, held] = await Promise.all([
    Promise.all(workspaces.map((workspace) => table.countTasks(workspace))),
    Promise.all(workspaces.map((workspace) => table.countDelayed(workspace))),
    table.heldSlots("global"),
  ]);
  const asked = new Set(workspaces);
  const holders = new Set(held.filter(({ workspace }) => asked.has(workspace)).map(({ holder }) => holder));
  const live = { launching: 0, running: 0, verifying: 0, publishing: 0 };
  for (const { status } of await table.getTasks(taskIdsOf(holders))) if (isLive(status)) live[status] += 1;
  const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0);
  const of = (name: keyof (typeof counts)[number]) => sum(counts.map((count) => count[name]));
  const waiting = Math.max(0, of("active") - sum(Object.values(live)));
  const delayed = Math.min(sum(delays), waiting);
  const ended = { completed: of("completed"), failed: of("failed"), killed: of("killed") };
  return { queued: waiting - delayed, delayed, ...live, ...ended };
}

const taskIdsOf = (agentIds: Iterable<string>): TaskId[] =>
  [...agentIds].flatMap((agentId) => parseAgentId(agentId)?.taskId ?? []);
