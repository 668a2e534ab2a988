// How are backends added, listed, shown, tested, changed and revoked?

import type { Context } from "hono";
import * as z from "zod";
import { backendEdit, backendRequest } from "../core/backend-requests.ts";
import type { KnownBackend } from "../core/backends.ts";
import type { Cloud } from "../core/cloud.ts";
import { killRequest, resourceName } from "../core/requests.ts";
import type { Role } from "../core/table.ts";
import { checkBackend, findBackend, readBackends } from "../flows/backends.ts";
import { addBackend, changeBackend, releaseBackend, revokeBackend } from "../flows/manage-backends.ts";
import { turnSwitch } from "../flows/turn-switch.ts";
import { type Api, createRoute, type OpenCloud } from "./api.ts";
import { authenticate, security } from "./auth.ts";
import { backendSchema, healthSchema, viewBackends, viewHealth } from "./backend-view.ts";
import { json } from "./inputs.ts";
import { problemResponse } from "./problems.ts";
import { requireRole } from "./roles.ts";
import { answerWithinMs, stopResponses, turnResponses, viewOperation, viewTurn } from "./switch-routes.ts";

const path = "/api/orchestrator/backends";
const params = z.object({ name: resourceName });
const reasonBody = { required: true, content: json(killRequest) };
const notFound = problemResponse("There is no such backend");
const forbidden = problemResponse("The key is not a super admin");

const list = createRoute({
  method: "get",
  path,
  summary: "List the backends, with what the last checks found",
  security,
  request: { query: z.strictObject({ revoked: z.stringbool().optional() }) },
  responses: {
    200: {
      description: "By name; one that was revoked only while attempts live on it, unless `revoked=true` asks for all",
      content: json(z.object({ backends: z.array(backendSchema) })),
    },
  },
});

const show = createRoute({
  method: "get",
  path: `${path}/{name}`,
  summary: "Read one backend",
  security,
  request: { params },
  responses: { 200: { description: "The backend", content: json(backendSchema) }, 404: notFound },
});

const add = createRoute({
  method: "post",
  path,
  summary: "Add a backend, or bring back one that was revoked; it is checked at once",
  security,
  request: { body: { required: true, content: json(backendRequest) } },
  responses: {
    201: { description: "The backend; its health says whether it can be reached", content: json(backendSchema) },
    403: forbidden,
    409: problemResponse("The name is in use, or belongs to a backend that was elsewhere"),
    422: problemResponse("It is not declared, so drover has no rights to it"),
  },
});

const change = createRoute({
  method: "patch",
  path: `${path}/{name}`,
  summary: "Change the slot limit or the note of a backend",
  security,
  request: { params, body: { required: true, content: json(backendEdit) } },
  responses: { 200: { description: "The backend", content: json(backendSchema) }, 403: forbidden, 404: notFound },
});

const test = createRoute({
  method: "post",
  path: `${path}/{name}/test`,
  summary: "Check now whether a backend can be reached",
  security,
  request: { params },
  responses: {
    200: { description: "What was found, whether it could be reached or not", content: json(healthSchema) },
    403: problemResponse("The key is a member's"),
    404: notFound,
  },
});

const revoke = createRoute({
  method: "delete",
  path: `${path}/{name}`,
  summary: "Revoke a backend: nothing new lands there, and its tasks are killed",
  security,
  request: { params, body: reasonBody },
  responses: { ...stopResponses, 404: notFound },
});

const acts = ["release", "pause", "resume"] as const;
const turn = (act: (typeof acts)[number]) =>
  createRoute({
    method: "post",
    path: `${path}/{name}/${act}`,
    summary: act === "release" ? "release: a backend; one that was revoked is back as it was" : `${act}: a backend`,
    security,
    request: { params, body: reasonBody },
    responses: { ...turnResponses, 404: notFound },
  });

/** Break-glass: the kill function serves this one too. */
export function addRevokeRoute(app: Api, openCloud: OpenCloud): void {
  app.openapi(revoke, async (context) => {
    const { cloud, by } = await openFor(context, openCloud, "super_admin");
    const { reason } = context.req.valid("json");
    const deadline = cloud.clock.now() + answerWithinMs;
    const operation = await revokeBackend(cloud, context.req.valid("param").name, by, reason.trim(), deadline);
    return context.json(viewOperation(operation), 200);
  });
}

export function addBackendRoutes(app: Api, openCloud: OpenCloud): void {
  app.openapi(list, async (context) => {
    const { cloud } = await openFor(context, openCloud, "member");
    const views = await viewBackends(cloud, await readBackends(cloud));
    const all = context.req.valid("query").revoked ?? false;
    return context.json({ backends: views.filter((one) => all || one.state !== "revoked" || one.running > 0) }, 200);
  });
  app.openapi(show, async (context) => {
    const { cloud } = await openFor(context, openCloud, "member");
    return context.json(await viewOne(cloud, await findBackend(cloud, context.req.valid("param").name)), 200);
  });
  app.openapi(add, async (context) => {
    const { cloud, by } = await openFor(context, openCloud, "super_admin");
    const backend = await addBackend(cloud, context.req.valid("json"), by);
    return context.json(await viewOne(cloud, backend), 201, { location: `${path}/${backend.name}` });
  });
  app.openapi(change, async (context) => {
    const { cloud, by } = await openFor(context, openCloud, "super_admin");
    const { name } = context.req.valid("param");
    return context.json(await viewOne(cloud, await changeBackend(cloud, name, context.req.valid("json"), by)), 200);
  });
  app.openapi(test, async (context) => {
    const { cloud } = await openFor(context, openCloud, "workspace_admin");
    const { name, health } = await findBackend(cloud, context.req.valid("param").name);
    return context.json(viewHealth(await checkBackend(cloud, name, health?.rest), cloud.clock.now()), 200);
  });
  for (const act of acts) {
    app.openapi(turn(act), async (context) => {
      const { cloud, by } = await openFor(context, openCloud, "super_admin");
      const { name } = await findBackend(cloud, context.req.valid("param").name);
      const reason = context.req.valid("json").reason.trim();
      const turned =
        act === "release"
          ? await releaseBackend(cloud, name, by, reason)
          : await turnSwitch(cloud, { kind: "backend", name }, act, by, reason);
      return context.json(viewTurn(turned), 200);
    });
  }
}

async function openFor(context: Context, openCloud: OpenCloud, role: Role): Promise<{ cloud: Cloud; by: string }> {
  const cloud = await openCloud();
  const key = await authenticate(cloud, context);
  requireRole(key, role);
  return { cloud, by: key.keyId };
}

async function viewOne(cloud: Cloud, backend: KnownBackend): Promise<z.output<typeof backendSchema>> {
  const [view] = await viewBackends(cloud, [backend]);
  if (!view) throw new Error(`backend ${backend.name} has no view`);
  return view;
}
