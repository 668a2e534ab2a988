// What if the API does not answer? The kill function has a URL of its own; here its entry's app answers, as Lambda calls it.
import type { LambdaEvent } from "hono/aws-lambda";
import { handle } from "hono/aws-lambda";
import { formatApiKey, hashSecret } from "../../../functions/api/auth.ts";
import { createKillApp } from "../../../functions/api/kill-app.ts";
import type { Cloud } from "../../../functions/core/cloud.ts";
import type { TaskId } from "../../../functions/core/ids.ts";
import type { Scope } from "../../../functions/core/switches.ts";
import type { ApiKey, Role } from "../../../functions/core/table.ts";
import type { Activity } from "../engine/activity.ts";
import type { Stage } from "../stage.ts";
import { type Answer, killFunction, request } from "./request.ts";

const base = "/api/orchestrator";
const secret = "s".repeat(43);
const secretHash = hashSecret(secret);

type Holder = "red" | "blue" | "operator" | "stranger";
const keyIds = {
  red: "key_00000000000000000000000001",
  blue: "key_00000000000000000000000002",
  operator: "key_00000000000000000000000003",
  stranger: "key_00000000000000000000000004",
} as const;
const keyOf = (holder: Holder): ApiKey => {
  const role: Role = holder === "operator" ? "super_admin" : "member";
  const workspace = holder === "blue" ? "blue" : "red";
  const principal = holder === "stranger" ? "stranger" : "user";
  return { keyId: keyIds[holder], name: holder, principal, secretHash, workspace, role, createdAt: 0 };
};
const keys = (Object.keys(keyIds) as Holder[]).map(keyOf);

export function addKeys({ table }: Stage): void {
  for (const key of keys) table.apiKeys.set(key.keyId, key);
}

export function killByUrl(stage: Stage, user: Activity, taskId: TaskId, holder: Holder): Promise<Answer<unknown>> {
  return post(stage, user, holder, "POST", `/tasks/${taskId}/kill`);
}

export function stopByUrl(stage: Stage, operator: Activity, scope: Scope): Promise<Answer<unknown>> {
  if (scope.kind === "backend") return post(stage, operator, "operator", "DELETE", `/backends/${scope.name}`);
  const path = scope.kind === "global" ? "/emergency-stop" : `/workspaces/${scope.name}/kill-all`;
  return post(stage, operator, "operator", "POST", path);
}

async function post(
  stage: Stage,
  client: Activity,
  holder: Holder,
  method: string,
  path: string,
): Promise<Answer<unknown>> {
  const event = toEvent(method, `${base}${path}`, formatApiKey(keyIds[holder], secret));
  const answer = await request(stage, client, killFunction, (cloud) => serve(cloud, event));
  if (answer.kind !== "answered") return answer;
  const { status, body } = answer.value;
  stage.judge.count(`kill function ${status}`);
  if (status === 200) return { kind: "answered", value: body };
  const { code } = body as { code: string };
  // The function is there, and could not reach the table, or takes no more of this key in this minute.
  return status >= 500 || status === 429 ? { kind: "no_answer" } : { kind: "refused", code };
}

/** As Lambda keeps them: each serves one request after another; one whose request has died is not used again. */
interface Environment {
  cloud: Cloud;
  serve(event: LambdaEvent): Promise<{ statusCode: number; body: string }>;
}
const idle: Environment[] = [];

function openEnvironment(cloud: Cloud): Environment {
  const serveOne = handle(createKillApp(async () => environment.cloud));
  const environment: Environment = { cloud, serve: (event) => serveOne(event, undefined) };
  return environment;
}

async function serve(cloud: Cloud, event: LambdaEvent): Promise<{ status: number; body: unknown }> {
  const environment = idle.pop() ?? openEnvironment(cloud);
  environment.cloud = cloud;
  const answer = await environment.serve(event);
  idle.push(environment);
  return { status: answer.statusCode, body: JSON.parse(answer.body) };
}

/** What the URL of a function hands over. */
function toEvent(method: string, rawPath: string, key: string): LambdaEvent {
  const body = JSON.stringify({ reason: "it must stop" });
  const http = { method, path: rawPath, protocol: "HTTP/1.1", sourceIp: "192.0.2.1", userAgent: "simulation" };
  const headers = {
    "content-type": "application/json",
    "content-length": String(body.length),
    host: "kill.example",
    "x-api-key": key,
  };
  const requestContext = { http, domainName: "kill.example", stage: "$default" };
  const event = { version: "2.0", rawPath, rawQueryString: "", headers, requestContext, body, isBase64Encoded: false };
  return event as unknown as LambdaEvent;
}
