// The tasks as a coordinator sees them: agents that are spawned, watched and killed.

import type { Context } from "hono";
import * as z from "zod";
import { DroverError } from "../core/errors.ts";
import { callersKey } from "../core/idempotency.ts";
import { agentIdOf, parseAgentId } from "../core/ids.ts";
import { killRequest, spawnRequest, taskRequestOf } from "../core/requests.ts";
import type { Attempt, Task } from "../core/task.ts";
import { killTask } from "../flows/kill-task.ts";
import { listActive } from "../flows/list-active.ts";
import { isSound } from "../flows/sound-tasks.ts";
import { stopScope } from "../flows/stop-scope.ts";
import { submitTask } from "../flows/submit-task.ts";
import { type Api, createRoute, type OpenCloud } from "./api.ts";
import { authenticate, security } from "./auth.ts";
import { idempotencyHeaders, json } from "./inputs.ts";
import { taskOf } from "./own-task.ts";
import { problemResponse } from "./problems.ts";
import { requireOwn, requireRole } from "./roles.ts";
import { operationSchema, viewOperation } from "./switch-routes.ts";

const base = "/api/orchestrator/agents";
const answerWithinMs = 10_000;
const agentStates = ["queued", "spawning", "running", "completed", "failed", "killed"] as const;

const agentSchema = z.object({
  agentId: z.string(),
  taskId: z.string(),
  status: z.enum(agentStates),
  taskStatus: z.string(),
  step: z.string().optional(),
  lastBeatSeq: z.int().optional(),
});
const agentParams = z.object({ agentId: z.string() });
const notFound = { 404: problemResponse("There is no such agent") };

const spawn = createRoute({
  method: "post",
  path: `${base}/spawn`,
  summary: "Ask for an agent: a task, in a coordinator's words",
  security,
  request: {
    headers: idempotencyHeaders,
    body: { required: true, content: json(spawnRequest) },
  },
  responses: {
    200: { description: "The agent that the same Idempotency-Key was given before", content: json(agentSchema) },
    201: { description: "It is queued; the agent's id is known already", content: json(agentSchema) },
    400: problemResponse("A field is not valid"),
    422: problemResponse("The repository, branch, credential or backend cannot be used"),
  },
});
const status = createRoute({
  method: "get",
  path: `${base}/{agentId}/status`,
  summary: "What is an agent doing?",
  security,
  request: { params: agentParams },
  responses: { 200: { description: "The agent", content: json(agentSchema) }, ...notFound },
});
const list = createRoute({
  method: "get",
  path: base,
  summary: "The agents of the workspace that run or wait",
  security,
  request: { query: z.strictObject({ limit: z.coerce.number().int().min(1).max(100).default(50) }) },
  responses: {
    200: {
      description: "Those that run, then those that wait, each newest first",
      content: json(z.object({ agents: z.array(agentSchema) })),
    },
  },
});
const kill = createRoute({
  method: "post",
  path: `${base}/{agentId}/kill`,
  summary: "Kill an agent, and its task with it",
  security,
  request: { params: agentParams, body: { required: true, content: json(killRequest) } },
  responses: {
    200: { description: "Killed", content: json(agentSchema) },
    409: problemResponse("It has ended already, or another attempt has taken its place"),
    ...notFound,
  },
});
const killAll = createRoute({
  method: "post",
  path: `${base}/kill-all`,
  summary: "Stop the workspace of the key, as workspaces/{workspace}/kill-all does",
  security,
  request: { body: { required: true, content: json(killRequest) } },
  responses: { 200: { description: "Fenced; the kills go on", content: json(operationSchema) } },
});

export function addAgentRoutes(app: Api, openCloud: OpenCloud): void {
  app.openapi(spawn, async (context) => {
    const cloud = await openCloud();
    const principal = await authenticate(cloud, context);
    const idempotencyKey = callersKey(context.req.valid("header")["idempotency-key"]);
    const request = taskRequestOf(context.req.valid("json"));
    const { taskId, made } = await submitTask(cloud, { principal, request, idempotencyKey });
    if (made) return context.json(viewAgent(made.task, undefined, 1), 201);
    const [task, attempt] = await Promise.all([
      taskOf(cloud, taskId, principal),
      cloud.table.getAttempt(agentIdOf(taskId, 1)),
    ]);
    return context.json(viewAgent(task, attempt, 1), 200);
  });

  app.openapi(list, async (context) => {
    const cloud = await openCloud();
    const { workspace } = await authenticate(cloud, context);
    const { limit } = context.req.valid("query");
    const { tasks } = await listActive(cloud, workspace, limit);
    const agents = await Promise.all(
      tasks.filter(isSound).map(async (task) => {
        const attempt =
          task.attempt > 0 ? await cloud.table.getAttempt(agentIdOf(task.taskId, task.attempt)) : undefined;
        return viewAgent(task, attempt, Math.max(1, task.attempt));
      }),
    );
    return context.json({ agents }, 200);
  });

  const find = async (context: Context, agentId: string) => {
    const cloud = await openCloud();
    const key = await authenticate(cloud, context);
    const parsed = parseAgentId(agentId);
    if (!parsed)
      throw new DroverError("task_not_found", `There is no agent ${agentId}. List the agents to find its id.`);
    const task = await taskOf(cloud, parsed.taskId, key);
    const attempt = await cloud.table.getAttempt(parsed.agentId);
    // Before its claim the agent is known by its id only, and where nothing waits to be claimed there is none to come.
    const last = Math.max(1, task.status === "queued" ? task.attempt + 1 : task.attempt);
    if (!attempt && parsed.attempt > last) {
      const newest = agentIdOf(task.taskId, last);
      const message = `There is no agent ${agentId}: ${task.taskId} is ${task.status}, and its last agent is ${newest}.`;
      throw new DroverError("task_not_found", message);
    }
    return { cloud, key, task, attempt, number: parsed.attempt };
  };

  app.openapi(status, async (context) => {
    const { task, attempt, number } = await find(context, context.req.valid("param").agentId);
    return context.json(viewAgent(task, attempt, number), 200);
  });

  app.openapi(kill, async (context) => {
    const { agentId } = context.req.valid("param");
    const { cloud, key, task, attempt, number } = await find(context, agentId);
    requireOwn(key, task);
    if (attempt && number !== task.attempt) {
      throw new DroverError(
        "attempt_superseded",
        `${agentId} has ended; attempt ${task.attempt} of ${task.taskId} took its place.`,
      );
    }
    const killed = await killTask(cloud, task.taskId, key.keyId, context.req.valid("json").reason.trim());
    return context.json(
      viewAgent(killed.task, await cloud.table.getAttempt(agentIdOf(task.taskId, number)), number),
      200,
    );
  });

  app.openapi(killAll, async (context) => {
    const cloud = await openCloud();
    const key = await authenticate(cloud, context);
    requireRole(key, "workspace_admin", key.workspace);
    const deadline = cloud.clock.now() + answerWithinMs;
    const { reason } = context.req.valid("json");
    const operation = await stopScope(
      cloud,
      { kind: "workspace", name: key.workspace },
      key.keyId,
      reason.trim(),
      deadline,
    );
    return context.json(viewOperation(operation), 200);
  });
}

function viewAgent(task: Task, attempt: Attempt | undefined, number: number): z.output<typeof agentSchema> {
  const beforeClaim = task.status === "killed" || task.status === "failed" ? task.status : "queued";
  return {
    agentId: agentIdOf(task.taskId, number),
    taskId: task.taskId,
    status: attempt?.state ?? beforeClaim,
    taskStatus: task.status,
    ...(attempt?.beat ? { step: attempt.beat.step, lastBeatSeq: attempt.beat.seq } : {}),
  };
}
