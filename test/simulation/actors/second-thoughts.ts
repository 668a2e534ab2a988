// What else may a user do to a task that was submitted? Change it while it waits, withdraw it, or ask for it again.

import type { TaskId } from "../../../functions/core/ids.ts";
import type { ApiKey } from "../../../functions/core/table.ts";
import { cancelTask, editTask, retryTask } from "../../../functions/flows/edit-task.ts";
import type { Activity } from "../engine/activity.ts";
import type { Stage } from "../stage.ts";
import { cancelByApi, editByApi, retryByApi } from "./by-api.ts";
import { request } from "./request.ts";

export async function edit(stage: Stage, user: Activity, taskId: TaskId): Promise<void> {
  if (stage.world.swarm.usesApi) return editByApi(stage, user, taskId);
  const priority = user.random.between(1, 10);
  await request(stage, user, "edit", async (cloud) => {
    const version = (await cloud.table.getTask(taskId))?.version ?? 1;
    return editTask(cloud, taskId, "key:user", { version, priority });
  });
}

export async function cancel(stage: Stage, user: Activity, taskId: TaskId): Promise<void> {
  const answer = await (stage.world.swarm.usesApi
    ? cancelByApi(stage, user, taskId)
    : request(stage, user, "cancel", (cloud) => cancelTask(cloud, taskId, "key:user", "not wanted")));
  if (answer.kind === "answered") stage.promised.killed.add(taskId);
}

/** The same retry asked for twice is one new task, until that has ended badly. */
export async function retry(stage: Stage, user: Activity, taskId: TaskId, principal: ApiKey): Promise<void> {
  const ask = () =>
    stage.world.swarm.usesApi
      ? retryByApi(stage, user, taskId)
      : request(stage, user, "retry", async (cloud) => (await retryTask(cloud, taskId, principal)).taskId);
  const [first, second] = [await ask(), await ask()];
  if (first.kind !== "answered" || second.kind !== "answered" || first.value === second.value) return;
  const status = stage.table.getTask(first.value)?.status;
  if (status === "failed" || status === "killed") return;
  stage.world.fail("idempotency", `the retry of ${taskId} made ${first.value} and ${second.value}`);
}
