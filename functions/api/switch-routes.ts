// How is a whole workspace or everything stopped, released, paused and resumed?

import type { Context } from "hono";
import * as z from "zod";
import type { Cloud } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import { type Operation, remainingOf } from "../core/operations.ts";
import { killRequest, resourceName } from "../core/requests.ts";
import { parseScope, type Scope, type SwitchAct } from "../core/switches.ts";
import { stopScope } from "../flows/stop-scope.ts";
import { readSwitch, type Turn, turnSwitch } from "../flows/turn-switch.ts";
import { type Api, createRoute, type OpenCloud } from "./api.ts";
import { authenticate, security } from "./auth.ts";
import { json } from "./inputs.ts";
import { problemResponse } from "./problems.ts";
import { requireRole } from "./roles.ts";

/** How long a stop goes on within its request; the reaper finishes it. */
export const answerWithinMs = 10_000;

const base = "/api/orchestrator";
const workspaceParam = z.object({ workspace: resourceName });
const body = { required: true, content: json(killRequest) };

export const operationSchema = z.object({
  operationId: z.string(),
  scope: z.string(),
  /** With `remaining`: absent while they are not counted. */
  total: z.int().optional(),
  killed: z.int(),
  failed: z.int(),
  remaining: z.int().optional(),
  finished: z.boolean(),
  /** The last few; so many before them are left out. Each of these tasks is fenced, and killed when it is met. */
  errors: z.array(z.object({ taskId: z.string(), message: z.string() })),
  errorsLeftOut: z.int(),
});
const switchSchema = z.object({
  scope: z.string(),
  generation: z.int(),
  stopped: z.boolean(),
  paused: z.boolean(),
  yoloForbidden: z.boolean().optional(),
  by: z.string().optional(),
  reason: z.string().optional(),
  at: z.string().optional(),
  stoppedBy: z.string().optional(),
  stopReason: z.string().optional(),
  stoppedAt: z.string().optional(),
  changed: z.boolean(),
});

export const stopResponses = {
  200: { description: "Fenced from now on; the kills that follow go on", content: json(operationSchema) },
  403: problemResponse("The key has not the right to stop this scope"),
};

const killAll = createRoute({
  method: "post",
  path: `${base}/workspaces/{workspace}/kill-all`,
  summary: "Stop a workspace: nothing is admitted, and nothing its tasks do is accepted any more",
  security,
  request: { params: workspaceParam, body },
  responses: stopResponses,
});

const emergencyStop = createRoute({
  method: "post",
  path: `${base}/emergency-stop`,
  summary: "Stop everything",
  security,
  request: { body },
  responses: stopResponses,
});

const showOperation = createRoute({
  method: "get",
  path: `${base}/operations/{operationId}`,
  summary: "How far has a stop come?",
  security,
  request: { params: z.object({ operationId: z.string() }) },
  responses: {
    200: { description: "The operation", content: json(operationSchema) },
    404: problemResponse("There is no such operation"),
  },
});

/** Break-glass: the kill function serves these too. */
export function addStopRoutes(app: Api, openCloud: OpenCloud): void {
  const stop = async (cloud: Cloud, context: Context, scope: Scope, reason: string) => {
    const key = await authenticate(cloud, context);
    if (scope.kind === "workspace") requireRole(key, "workspace_admin", scope.name);
    else requireRole(key, "super_admin");
    return viewOperation(await stopScope(cloud, scope, key.keyId, reason, cloud.clock.now() + answerWithinMs));
  };
  app.openapi(killAll, async (context) => {
    const scope: Scope = { kind: "workspace", name: context.req.valid("param").workspace };
    return context.json(await stop(await openCloud(), context, scope, context.req.valid("json").reason.trim()), 200);
  });
  app.openapi(emergencyStop, async (context) => {
    const { reason } = context.req.valid("json");
    return context.json(await stop(await openCloud(), context, { kind: "global" }, reason.trim()), 200);
  });
  app.openapi(showOperation, async (context) => {
    const cloud = await openCloud();
    const key = await authenticate(cloud, context);
    const { operationId } = context.req.valid("param");
    const operation = operationId.startsWith("opr_")
      ? await cloud.table.getOperation(operationId as Operation["operationId"])
      : undefined;
    if (!operation) {
      const message = `There is no operation ${operationId}. The answer to a stop names its operation.`;
      throw new DroverError("operation_not_found", message);
    }
    const scope = parseScope(operation.scope);
    if (scope.kind === "workspace") requireRole(key, "member", scope.name);
    return context.json(viewOperation(operation), 200);
  });
}

const acts = ["release", "pause", "resume", "forbid-yolo", "allow-yolo"] as const;

export const turnResponses = {
  200: { description: "The switch as it now is; `changed` is false when it already was", content: json(switchSchema) },
  403: problemResponse("The key has not the right to do this"),
};
const turnWorkspace = (act: SwitchAct) =>
  createRoute({
    method: "post",
    path: `${base}/workspaces/{workspace}/${act}`,
    summary: `${act}: a workspace`,
    security,
    request: { params: workspaceParam, body },
    responses: turnResponses,
  });
const turnGlobal = (act: SwitchAct) =>
  createRoute({
    method: "post",
    path: `${base}/global/${act}`,
    summary: `${act}: everything`,
    security,
    request: { body },
    responses: turnResponses,
  });

const showSwitch = createRoute({
  method: "get",
  path: `${base}/workspaces/{workspace}/switch`,
  summary: "Is a workspace stopped or paused?",
  security,
  request: { params: workspaceParam },
  responses: { 200: { description: "Its switch", content: json(switchSchema) } },
});

const showGlobal = createRoute({
  method: "get",
  path: `${base}/global/switch`,
  summary: "Is everything stopped or paused?",
  security,
  responses: { 200: { description: "The global switch", content: json(switchSchema) } },
});

export function addSwitchRoutes(app: Api, openCloud: OpenCloud): void {
  for (const act of acts) {
    app.openapi(turnWorkspace(act), async (context) => {
      const scope: Scope = { kind: "workspace", name: context.req.valid("param").workspace };
      return context.json(await turnFor(await openCloud(), context, scope, act, context.req.valid("json").reason), 200);
    });
    app.openapi(turnGlobal(act), async (context) => {
      const { reason } = context.req.valid("json");
      return context.json(await turnFor(await openCloud(), context, { kind: "global" }, act, reason), 200);
    });
  }
  app.openapi(showSwitch, async (context) => {
    const cloud = await openCloud();
    const key = await authenticate(cloud, context);
    const name = context.req.valid("param").workspace;
    requireRole(key, "member", name);
    return context.json({ ...viewSwitch(await readSwitch(cloud, { kind: "workspace", name })), changed: false }, 200);
  });
  app.openapi(showGlobal, async (context) => {
    const cloud = await openCloud();
    await authenticate(cloud, context);
    return context.json({ ...viewSwitch(await readSwitch(cloud, { kind: "global" })), changed: false }, 200);
  });
}

async function turnFor(cloud: Cloud, context: Context, scope: Scope, act: SwitchAct, reason: string) {
  const key = await authenticate(cloud, context);
  if (scope.kind === "workspace") requireRole(key, "workspace_admin", scope.name);
  else requireRole(key, "super_admin");
  const result = await turnSwitch(cloud, scope, act, key.keyId, reason.trim());
  return viewTurn(result);
}

export const viewTurn = ({ kind, now }: Turn) => ({ ...viewSwitch(now), changed: kind === "turned" });

const viewSwitch = ({ at, stoppedAt, ...shown }: Awaited<ReturnType<typeof readSwitch>>) => ({
  ...shown,
  ...(at === undefined ? {} : { at: new Date(at).toISOString() }),
  ...(stoppedAt === undefined ? {} : { stoppedAt: new Date(stoppedAt).toISOString() }),
});

export function viewOperation(operation: Operation): z.output<typeof operationSchema> {
  const { operationId, scope, total, killed, failed, errors, finishedAt } = operation;
  return {
    operationId,
    scope,
    total,
    killed,
    failed,
    remaining: remainingOf(operation),
    finished: finishedAt !== undefined,
    errors,
    errorsLeftOut: failed - errors.length,
  };
}
