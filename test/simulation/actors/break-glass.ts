// What if the API does not answer? The kill function has a URL of its own.
import { createKillApp } from "../../../functions/api/kill-app.ts";
import type { TaskId } from "../../../functions/core/ids.ts";
import type { Scope } from "../../../functions/core/switches.ts";
import type { Activity } from "../engine/activity.ts";
import type { Stage } from "../stage.ts";
import { ask, type Holder, type HttpRequest, openFunction } from "./by-http.ts";
import { type Answer, killFunction } from "./request.ts";

const kill = openFunction(killFunction, createKillApp);
const body = { reason: "it must stop" };

export function killByUrl(stage: Stage, user: Activity, taskId: TaskId, holder: Holder): Promise<Answer<unknown>> {
  return post(stage, user, holder, { method: "POST", path: `/tasks/${taskId}/kill`, body });
}

export function stopByUrl(stage: Stage, operator: Activity, scope: Scope): Promise<Answer<unknown>> {
  const asked = (method: "POST" | "DELETE", path: string) => post(stage, operator, "operator", { method, path, body });
  if (scope.kind === "backend") return asked("DELETE", `/backends/${scope.name}`);
  return asked("POST", scope.kind === "global" ? "/emergency-stop" : `/workspaces/${scope.name}/kill-all`);
}

async function post(stage: Stage, client: Activity, holder: Holder, wanted: HttpRequest): Promise<Answer<unknown>> {
  const answer = await ask(stage, client, kill, holder, wanted);
  if (answer.kind !== "answered") return answer;
  const { status, body } = answer.value;
  if (status === 200) return { kind: "answered", value: body };
  const { code } = body as { code: string };
  // The function is there, and could not reach the table, or takes no more of this key in this minute.
  return status >= 500 || status === 429 ? { kind: "no_answer" } : { kind: "refused", code };
}
