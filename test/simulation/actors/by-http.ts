// How is one of drover's functions asked over HTTP? With a key, by its URL; here its app answers, as Lambda calls it.
import type { LambdaEvent } from "hono/aws-lambda";
import { handle } from "hono/aws-lambda";
import type { Api, OpenCloud } from "../../../functions/api/api.ts";
import { formatApiKey, hashSecret } from "../../../functions/api/auth.ts";
import type { Cloud } from "../../../functions/core/cloud.ts";
import type { ApiKey, Role } from "../../../functions/core/table.ts";
import type { Activity } from "../engine/activity.ts";
import type { Stage } from "../stage.ts";
import { type Answer, request } from "./request.ts";

const base = "/api/orchestrator";
const secret = "s".repeat(43);
const secretHash = hashSecret(secret);

export type Holder = "red" | "blue" | "operator" | "stranger";
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

export interface HttpRequest {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  path: string;
  body?: object;
  idempotencyKey?: string;
}

export interface HttpAnswer {
  status: number;
  body: unknown;
}

/** As Lambda keeps them: each serves one request after another; one whose request has died is not used again. */
interface Environment {
  cloud: Cloud;
  serve(event: LambdaEvent): Promise<{ statusCode: number; body: string }>;
}

export interface HttpFunction {
  /** As it is called in the timeline. */
  name: string;
  serve(cloud: Cloud, event: LambdaEvent): Promise<HttpAnswer>;
}

export function openFunction(name: string, create: (cloud: OpenCloud) => Api): HttpFunction {
  const idle: Environment[] = [];
  const open = (cloud: Cloud): Environment => {
    const serveOne = handle(create(async () => environment.cloud));
    const environment: Environment = { cloud, serve: (event) => serveOne(event, undefined) };
    return environment;
  };
  return {
    name,
    async serve(cloud, event) {
      const environment = idle.pop() ?? open(cloud);
      environment.cloud = cloud;
      const answer = await environment.serve(event);
      idle.push(environment);
      return { status: answer.statusCode, body: JSON.parse(answer.body) };
    },
  };
}

/** Whatever it answers, also that it has failed. */
export async function ask(
  stage: Stage,
  client: Activity,
  asked: HttpFunction,
  holder: Holder,
  wanted: HttpRequest,
): Promise<Answer<HttpAnswer>> {
  const event = toEvent(wanted, formatApiKey(keyIds[holder], secret));
  const answer = await request(stage, client, asked.name, (cloud) => asked.serve(cloud, event));
  if (answer.kind === "answered") stage.judge.count(`${asked.name} ${answer.value.status}`);
  return answer;
}

/** What the URL of a function hands over. */
function toEvent({ method, path, body: content, idempotencyKey }: HttpRequest, key: string): LambdaEvent {
  const body = content && JSON.stringify(content);
  const rawPath = `${base}${path}`;
  const http = { method, path: rawPath, protocol: "HTTP/1.1", sourceIp: "192.0.2.1", userAgent: "simulation" };
  const headers = {
    ...(body ? { "content-type": "application/json", "content-length": String(body.length) } : {}),
    host: "drover.example",
    "x-api-key": key,
    ...(idempotencyKey ? { "idempotency-key": idempotencyKey } : {}),
  };
  const requestContext = { http, domainName: "drover.example", stage: "$default" };
  const event = { version: "2.0", rawPath, rawQueryString: "", headers, requestContext, body, isBase64Encoded: false };
  return event as unknown as LambdaEvent;
}
