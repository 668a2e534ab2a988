// Which task does a caller speak of, if it may?
import type { Cloud } from "../core/cloud.ts";
import { isTaskId } from "../core/ids.ts";
import type { ApiKey } from "../core/table.ts";
import type { Task } from "../core/task.ts";
import { taskNotFound } from "../flows/change-task.ts";
import { viewTask } from "./task-view.ts";

/** Another workspace's task is answered like one that does not exist, but for a super admin. */
export async function taskOf(cloud: Cloud, taskId: string, key: ApiKey): Promise<Task> {
  const task = isTaskId(taskId) ? await cloud.table.getTask(taskId) : undefined;
  if (!task || (task.workspace !== key.workspace && key.role !== "super_admin")) throw taskNotFound(taskId);
  return task;
}

export async function readTask(cloud: Cloud, task: Task) {
  const [spec, attempts] = await Promise.all([cloud.table.getSpec(task.taskId), cloud.table.listAttempts(task.taskId)]);
  if (!spec) throw taskNotFound(task.taskId);
  return viewTask(task, spec, attempts);
}
