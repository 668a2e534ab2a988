// Which tasks of a workspace run or wait? The live ones come first: a long queue hides none of them.
import type { Cloud } from "../core/cloud.ts";
import type { Task } from "../core/task.ts";

/** Each kind newest first; `complete` is false where there are more than `limit`. */
export async function listActive(
  cloud: Cloud,
  workspace: string,
  limit: number,
): Promise<{ tasks: Task[]; complete: boolean }> {
  const live = await cloud.table.listTasks(workspace, { limit, phase: "live" });
  if (live.next) return { tasks: live.tasks, complete: false };
  // One at least, or nobody would know whether any waits.
  const room = Math.max(1, limit - live.tasks.length);
  const queued = await cloud.table.listTasks(workspace, { limit: room, phase: "queued" });
  // One that was put back in between is in both.
  const known = new Set(live.tasks.map(({ taskId }) => taskId));
  const tasks = [...live.tasks, ...queued.tasks.filter(({ taskId }) => !known.has(taskId))];
  return { tasks: tasks.slice(0, limit), complete: !queued.next && tasks.length <= limit };
}
