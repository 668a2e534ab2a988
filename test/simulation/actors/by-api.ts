// What do programs ask of the API, over HTTP? In some schedules every user does, by the routes of production.

import { createBareApp } from "../../../functions/api/bare-app.ts";
import { addEditRoutes } from "../../../functions/api/edit-routes.ts";
import { addTaskRoutes } from "../../../functions/api/task-routes.ts";
import type { TaskId } from "../../../functions/core/ids.ts";
import type { TaskRequest } from "../../../functions/core/requests.ts";
import type { Task } from "../../../functions/core/task.ts";
import type { Activity } from "../engine/activity.ts";
import type { Stage } from "../stage.ts";
import { ask, type Holder, type HttpRequest, openFunction } from "./by-http.ts";
import type { Answer } from "./request.ts";

type View = Pick<Task, "taskId" | "version" | "priority" | "status">;

const api = openFunction("API", (cloud) => {
  const app = createBareApp(cloud);
  addTaskRoutes(app, cloud);
  addEditRoutes(app, cloud);
  return app;
});

async function askApi(stage: Stage, client: Activity, holder: Holder, wanted: HttpRequest): Promise<Answer<View>> {
  const answer = await ask(stage, client, api, holder, wanted);
  if (answer.kind !== "answered") return answer;
  const { status, body } = answer.value;
  if (status < 300) return { kind: "answered", value: body as View };
  const { code } = body as { code: string };
  return code === "internal_error" ? { kind: "no_answer" } : { kind: "refused", code };
}

/** Whose the task is. */
const holderOf = ({ table }: Stage, taskId: TaskId): Holder =>
  table.getTask(taskId)?.workspace === "blue" ? "blue" : "red";

export async function submitByApi(
  stage: Stage,
  user: Activity,
  holder: Holder,
  body: TaskRequest,
  idempotencyKey: string,
): Promise<Answer<View>> {
  const submit = (wanted: TaskRequest) =>
    askApi(stage, user, holder, { method: "POST", path: "/tasks", body: wanted, idempotencyKey });
  const answer = await submit(body);
  if (answer.kind !== "answered" || user.random.next() < 0.7) return answer;
  // The key belongs to what was asked for with it.
  const other = await submit({ ...body, prompt: "Do something else" });
  if (other.kind === "answered" || (other.kind === "refused" && other.code !== "idempotency_key_reused"))
    stage.world.fail("idempotency", `another request with the key of ${answer.value.taskId} was ${other.kind}`);
  return answer;
}

/** Two have read the same version, and change it: the second is told, or the first one's change would be lost. */
export async function editByApi(stage: Stage, user: Activity, taskId: TaskId): Promise<void> {
  const path = `/tasks/${taskId}`;
  const read = await askApi(stage, user, holderOf(stage, taskId), { method: "GET", path });
  if (read.kind !== "answered") return;
  const { version } = read.value;
  let taken = 0;
  const change = async (editor: Activity, priority: number) => {
    const body = { version, priority };
    const answer = await askApi(stage, editor, holderOf(stage, taskId), { method: "PATCH", path, body });
    if (answer.kind !== "answered") return;
    taken += 1;
    const event = stage.table.rows.get(taskId)?.events[version];
    if (taken > 1 || event?.type !== "edited" || answer.value.priority !== priority)
      stage.world.fail("edit_lost", `version ${version} of ${taskId} was edited ${taken} times, then ${event?.type}`);
  };
  const other = stage.world.begin("editor");
  stage.usersAtWork += 1;
  other.run(
    () => change(other, 1),
    () => {
      stage.usersAtWork -= 1;
    },
  );
  await change(user, 10);
}

export async function cancelByApi(stage: Stage, user: Activity, taskId: TaskId): Promise<Answer<View>> {
  const cancel = (holder: Holder) =>
    askApi(stage, user, holder, { method: "POST", path: `/tasks/${taskId}/cancel`, body: { reason: "not wanted" } });
  const own = holderOf(stage, taskId);
  if (own === "red" && (await cancel("stranger")).kind === "answered")
    stage.world.fail("cancel_by_stranger", `a stranger has withdrawn ${taskId}`);
  return cancel(own);
}

export async function retryByApi(stage: Stage, user: Activity, taskId: TaskId): Promise<Answer<TaskId>> {
  const wanted = { method: "POST", path: `/tasks/${taskId}/retry` } as const;
  const answer = await askApi(stage, user, holderOf(stage, taskId), wanted);
  return answer.kind === "answered" ? { kind: "answered", value: answer.value.taskId } : answer;
}
