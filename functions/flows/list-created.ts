// Which tasks has a workspace made since a moment? Page by page, newest first, each read strongly.
import type { Cloud } from "../core/cloud.ts";
import { firstTaskIdAt } from "../core/digest.ts";
import type { TaskId } from "../core/ids.ts";
import type { Task } from "../core/task.ts";

const pageSize = 100;

/** Ids hold the time of their creation, so that nothing older is read; all of them without a moment. */
export async function* listCreated(cloud: Cloud, workspace: string, since?: number): AsyncGenerator<Task[]> {
  const from = since === undefined ? {} : { since: firstTaskIdAt(since) };
  let before: TaskId | undefined;
  do {
    const page = await cloud.table.listTasks(workspace, { before, ...from, limit: pageSize });
    yield page.tasks;
    before = page.next;
  } while (before);
}
