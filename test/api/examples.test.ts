import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { app } from "../../functions/api.ts";
import { headersOf, labelled, sign } from "../support/forge-hooks.ts";
import { bash, done, failingProject, mend, useModel } from "../support/model.ts";
import { useReceiver } from "../support/receiver.ts";
import { useRemote } from "../support/remote.ts";
import { until, untilSettled, untilStatus, useStack } from "../support/stack.ts";

/** `DROVER_RECORD_EXAMPLES=1` writes what was answered into the examples, whose requests are written by hand. */
const recording = process.env.DROVER_RECORD_EXAMPLES !== undefined;
const file = resolve(import.meta.dirname, "../../functions/api/examples.json");
const examples = JSON.parse(readFileSync(file, "utf8"));
// biome-ignore lint/suspicious/noExplicitAny: a document of another format, and whatever was answered
type Any = any;
const document: Any = await (await app.request("/openapi.json")).json();
const operations = Object.entries<Any>(document.paths).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
);
const operationOf = (name: string): Any => {
  const [method = "", path = ""] = name.split(" ");
  return document.paths[path]?.[method.toLowerCase()];
};

const stack = useStack({ DROVER_WEBHOOKS_ALLOW_LOOPBACK: "true" });
const remote = useRemote(failingProject);
const model = useModel(stack);
const receiver = useReceiver();
const answers = new Map<string, { status: number; type: string; answer: Any; parameters: Record<string, string> }>();

interface Live {
  path?: Record<string, string>;
  /** What stands for something real in the example of the body. */
  body?: Record<string, unknown>;
  headers?: Record<string, string>;
  raw?: string;
}

/** Sends the example of the document, with the ids of this run. */
async function ask(name: string, live: Live = {}): Promise<Any> {
  const [method = "", template = ""] = name.split(" ");
  const parameters: Record<string, string> = {
    ...(template.includes("{workspace}") ? { workspace: "default" } : {}),
    ...live.path,
  };
  const path = template.replaceAll(/\{(\w+)\}/g, (_, key) => encodeURIComponent(parameters[key] ?? `no ${key}`));
  const example = operationOf(name).requestBody?.content["application/json"].example;
  const body = live.raw ?? (example === undefined ? undefined : JSON.stringify({ ...example, ...live.body }));
  const leaving = new AbortController();
  const response = await fetch(`${stack.local.url}${path}`, {
    method,
    headers: {
      "x-api-key": stack.local.apiKey,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...live.headers,
    },
    ...(body === undefined ? {} : { body }),
    signal: leaving.signal,
  });
  const type = (response.headers.get("content-type") ?? "").split(";")[0] ?? "";
  const text = type === "text/event-stream" ? await readEvent(response) : await response.text();
  leaving.abort();
  const answer = /json$/.test(type) && text && type !== "application/x-ndjson" ? JSON.parse(text) : text;
  // What follows needs its answer, so that it is said here and not by what is undefined there.
  if (!response.ok) throw new Error(`${name} answered ${response.status}: ${text}`);
  answers.set(name, { status: response.status, type, answer, parameters });
  return answer;
}

async function readEvent({ body }: Response): Promise<string> {
  let text = "";
  for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const event = text.split("\n\n").find((part) => part.includes("data:"));
    if (event && text.includes(`${event}\n\n`)) return `${event}\n\n`;
  }
  return text;
}

const base = "/api/orchestrator";
const one = `${base}/tasks/{taskId}`;
const workspace = `${base}/workspaces/{workspace}`;

beforeAll(async () => {
  model.script = (request, said) =>
    JSON.stringify(request.messages[0]).includes("failing test")
      ? ([{ text: "I mend it.", tools: [mend] }, done][said] ?? done)
      : { tools: [bash("sleep 60")] };
  const repository = { repository: remote.url };
  await ask("GET /health");
  await ask("GET /health/ready");
  await ask("POST /api/session", { body: { apiKey: stack.local.apiKey } });
  await ask("GET /api/session");
  await ask("DELETE /api/session");

  const { webhookId } = await ask(`POST ${workspace}/webhooks`, { body: { url: `${receiver.url}/drover` } });
  const { taskId } = await ask(`POST ${base}/tasks`, { body: repository });
  await untilSettled(stack, taskId);
  const { attempts } = await ask(`GET ${one}`, { path: { taskId } });
  for (const kind of ["log", "diff", "transcript", "verdicts", "gates", "events"]) {
    await ask(`GET ${one}/${kind}`, { path: { taskId } });
  }
  for (const name of ["tasks", "stats", "stats/hours", "workspaces", "agents/events"]) await ask(`GET ${base}/${name}`);
  await ask(`POST ${base}/quality/check`, { body: { taskId, agentId: attempts[0].agentId } });

  const { agentId, taskId: spawned } = await ask(`POST ${base}/agents/spawn`, { body: repository });
  await untilStatus(stack, spawned, "running");
  await ask(`POST ${one}/messages`, { path: { taskId: spawned } });
  await ask(`GET ${one}/messages`, { path: { taskId: spawned } });
  await ask(`GET ${base}/agents`);
  await ask(`GET ${base}/agents/{agentId}/status`, { path: { agentId } });
  await ask(`POST ${base}/agents/{agentId}/kill`, { path: { agentId } });
  await untilSettled(stack, spawned);

  for (const at of [workspace, `${base}/global`]) await ask(`POST ${at}/pause`);
  const submitted = await fetch(`${stack.local.url}${base}/tasks`, {
    method: "POST",
    headers: { "x-api-key": stack.local.apiKey, "content-type": "application/json" },
    body: JSON.stringify({ ...repository, prompt: "Wait", agent: { kind: "command", command: ["true"] } }),
  });
  const queued = ((await submitted.json()) as Any).taskId;
  await ask(`PATCH ${one}`, { path: { taskId: queued } });
  await ask(`POST ${one}/cancel`, { path: { taskId: queued } });
  const again = await ask(`POST ${one}/retry`, { path: { taskId: queued } });
  await ask(`POST ${one}/kill`, { path: { taskId: again.taskId } });
  for (const act of ["resume", "forbid-yolo", "allow-yolo"]) {
    for (const at of [workspace, `${base}/global`]) await ask(`POST ${at}/${act}`);
  }
  const { operationId } = await ask(`POST ${workspace}/kill-all`);
  await ask(`GET ${base}/operations/{operationId}`, { path: { operationId } });
  await ask(`GET ${workspace}/switch`);
  await ask(`GET ${base}/global/switch`);
  await ask(`POST ${workspace}/release`);
  await ask(`POST ${base}/agents/kill-all`);
  await ask(`POST ${workspace}/release`);
  await ask(`POST ${base}/emergency-stop`);
  await ask(`POST ${base}/global/release`);

  await ask(`POST ${base}/backends`);
  await ask(`GET ${base}/backends`);
  const second = { path: { name: "second" } };
  await ask(`GET ${base}/backends/{name}`, second);
  await ask(`PATCH ${base}/backends/{name}`, second);
  for (const act of ["test", "pause", "resume"]) await ask(`POST ${base}/backends/{name}/${act}`, second);
  await ask(`DELETE ${base}/backends/{name}`, second);
  await ask(`POST ${base}/backends/{name}/release`, second);

  const { keyId } = await ask(`POST ${workspace}/keys`);
  await ask(`GET ${workspace}/keys`);
  await ask(`DELETE ${workspace}/keys/{keyId}`, { path: { keyId } });
  const credential = `${workspace}/credentials/{name}`;
  await ask(`PUT ${credential}`, { path: { name: "github" } });
  await ask(`GET ${workspace}/credentials`);
  await ask(`POST ${credential}/resume`, { path: { name: "github" } });
  for (const name of ["export", "digests", "key"]) await ask(`GET ${base}/audit/${name}`);

  await ask(`GET ${workspace}/webhooks`);
  const deliveries = `${workspace}/webhooks/{webhookId}/deliveries`;
  const deliveryId = await until("a notice is delivered", async () => {
    const { deliveries: found } = await ask(`GET ${deliveries}`, { path: { webhookId } });
    return found[0]?.state === "delivered" && found[0].deliveryId;
  });
  await ask(`POST ${deliveries}/{deliveryId}/redeliver`, { path: { webhookId, deliveryId } });
  await ask(`DELETE ${workspace}/webhooks/{webhookId}`, { path: { webhookId } });

  const shop = remote.url.replace("bare.git", "acme/shop.git");
  const forge = { kind: "github", apiUrl: receiver.url };
  const repositories = [shop.replace("shop.git", "*")];
  await ask(`PUT ${credential}`, { path: { name: "github" }, body: { repositories, forge } });
  const { sourceId, secret } = await ask(`POST ${workspace}/sources`, {
    body: {
      repositories,
      task: { agent: { kind: "command", command: ["true"] }, credential: "github" },
    },
  });
  await ask(`GET ${workspace}/sources`);
  const raw = JSON.stringify(labelled(shop, "drover"));
  const signed = headersOf("github", "issues", sign(secret, raw));
  const hook = { path: { sourceId }, raw, headers: { "content-type": "application/json", ...signed } };
  const { taskId: issued } = await ask("POST /api/hooks/{sourceId}", hook);
  await untilSettled(stack, issued);
  const commentId = await until("a comment is owed", async () => {
    const { deliveries: found } = await ask(`GET ${one}/deliveries`, { path: { taskId: issued } });
    return found[0]?.deliveryId;
  });
  await ask(`POST ${one}/deliveries/{deliveryId}/redeliver`, { path: { taskId: issued, deliveryId: commentId } });
  await ask(`DELETE ${workspace}/sources/{sourceId}`, { path: { sourceId } });
  await ask(`DELETE ${credential}`, { path: { name: "github" } });

  const schedules = `${workspace}/schedules`;
  const task = { ...repository, prompt: "Fix what can be fixed", agent: { kind: "command", command: ["true"] } };
  const { scheduleId } = await ask(`POST ${schedules}`, { body: { task } });
  await ask(`GET ${schedules}`);
  await ask(`PATCH ${schedules}/{scheduleId}`, { path: { scheduleId } });
  const { taskId: asked } = await ask(`POST ${schedules}/{scheduleId}/run`, { path: { scheduleId } });
  await ask(`DELETE ${schedules}/{scheduleId}`, { path: { scheduleId } });
  await untilSettled(stack, asked);
  if (recording) record();
}, 180_000);

describe("the example of every endpoint", () => {
  it.each(operations)("%s: it was asked of a real stack and answered as the document says", (name) => {
    const known = answers.get(name);
    if (!known)
      throw new Error(`${name} is new: give it an example in functions/api/examples.json, and a place in this story`);
    const { status, type, answer } = known;
    expect(status, JSON.stringify(answer)).toBe(examples[name]?.status);
    const { requestBody, parameters = [], responses } = operationOf(name);
    if (requestBody?.required)
      expect(requestBody.content["application/json"].example, "the request's example").toBeDefined();
    for (const parameter of parameters.filter((each: Any) => each.required)) {
      expect(parameter.example ?? parameter.schema.example, `an example of ${parameter.name}`).toBeDefined();
    }
    const media = responses[status].content?.[type];
    if (!responses[status].content) return expect(answer).toBe("");
    expect(media, `${status} with ${type}`).toBeDefined();
    expect(media.example, "the answer's example").toBeDefined();
    if (!recording) for (const value of [answer, media.example]) expect(judge(media.schema, value)).toEqual([]);
  });

  it("stands for an endpoint that is there", () => {
    expect(Object.keys(examples).filter((name) => !operations.includes(name))).toEqual([]);
  });
});

it("every endpoint stands under one heading, and every heading has endpoints", () => {
  const used = operations.map((name) => operationOf(name).tags);
  expect(used.filter((tags) => tags?.length !== 1)).toEqual([]);
  const names = document.tags.map(({ name }: { name: string }) => name);
  expect(new Set(used.flat())).toEqual(new Set(names));
  expect(operationOf(`GET ${one}/deliveries`).tags).toEqual(["Tasks"]);
  expect(operationOf(`GET ${workspace}/webhooks`).tags).toEqual(["Webhooks"]);
});

/** What is wrong with it by its schema. */
function judge(schema: Any, value: unknown): unknown[] {
  return z.fromJSONSchema(resolveReferences(schema)).safeParse(value).error?.issues ?? [];
}

function resolveReferences(schema: Any): Any {
  if (Array.isArray(schema)) return schema.map(resolveReferences);
  if (typeof schema !== "object" || schema === null) return schema;
  if (typeof schema.$ref === "string") {
    return resolveReferences(document.components.schemas[schema.$ref.split("/").at(-1)]);
  }
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, resolveReferences(value)]));
}

/** Without what is of this run only, or secret. */
function record(): void {
  for (const [name, { answer, parameters }] of answers) {
    const { status, body } = examples[name];
    examples[name] = {
      ...(Object.keys(parameters).length > 0 ? { parameters } : {}),
      ...(body === undefined ? {} : { body: sameAs(name, body) }),
      status,
      ...(answer === "" ? {} : { answer: typeof answer === "string" ? cut(answer) : hide(answer) }),
    };
  }
  const text = JSON.stringify(examples, null, 2)
    .replaceAll(remote.url.replace("/bare.git", ""), "https://github.com")
    .replaceAll("https://github.com/bare.git", "https://github.com/acme/shop.git")
    .replaceAll(/"(repositoryKey)": "[^"]*"/g, '"$1": "https://github.com/acme/shop"')
    .replaceAll(receiver.url, "https://hooks.example.com")
    .replaceAll(stack.local.url, "http://127.0.0.1:8787")
    .replaceAll(/\/tmp\/[^"\\ ]*/g, "/srv/drover");
  writeFileSync(file, `${text}\n`);
}

function sameAs(name: string, body: Any): Any {
  const of = answers.get(`GET ${one}`)?.answer;
  return name.endsWith("quality/check") ? { ...body, taskId: of.taskId, agentId: of.attempts[0].agentId } : body;
}

const secrets = ["apiKey", "secret", "csrfToken"];
const hide = (answer: Any): Any =>
  JSON.parse(JSON.stringify(answer, (key, value) => (secrets.includes(key) ? "shown in this answer only" : value)));

const cut = (text: string) => (text.length <= 1_500 ? text : `${text.slice(0, 1_500)}…`);
