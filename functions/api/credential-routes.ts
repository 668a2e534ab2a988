// How does a workspace get a git token? It is written here, and no route reads it back.
import * as z from "zod";
import type { Cloud } from "../core/cloud.ts";
import { credentialRequest, killRequest, resourceName } from "../core/requests.ts";
import { resumeProvider } from "../flows/resume-provider.ts";
import { removeCredential, setCredential } from "../flows/set-credential.ts";
import { pausedUntil } from "../flows/wake.ts";
import { type Api, createRoute, type OpenCloud } from "./api.ts";
import { authenticate, security } from "./auth.ts";
import { problemResponse } from "./problems.ts";
import { openForAdmin, requireRole } from "./roles.ts";
import { answerWithinMs } from "./switch-routes.ts";

const set = createRoute({
  method: "put",
  path: "/api/orchestrator/workspaces/{workspace}/credentials/{name}",
  summary: "Set a git token or a model key of the workspace; it can be replaced and used, never read",
  security,
  request: {
    params: z.object({ workspace: resourceName, name: resourceName }),
    body: { required: true, content: { "application/json": { schema: credentialRequest } } },
  },
  responses: {
    204: { description: "Stored" },
    400: problemResponse("The name or the token is not valid"),
    403: problemResponse("The key is not an admin of that workspace"),
  },
});

const listCredentials = createRoute({
  method: "get",
  path: "/api/orchestrator/workspaces/{workspace}/credentials",
  summary: "The names of the workspace's credentials, and whose provider is out of quota; what they hold is never read",
  security,
  request: { params: z.object({ workspace: resourceName }) },
  responses: {
    200: {
      description: "The names",
      content: {
        "application/json": {
          schema: z.object({
            names: z.array(z.string()),
            /** Until when tasks wait that need them. */
            paused: z.array(z.object({ name: z.string(), until: z.string() })),
          }),
        },
      },
    },
    403: problemResponse("The key is not of that workspace"),
  },
});

const remove = createRoute({
  method: "delete",
  path: "/api/orchestrator/workspaces/{workspace}/credentials/{name}",
  summary: "Remove a credential; what runs goes on with what it was given",
  security,
  request: { params: z.object({ workspace: resourceName, name: resourceName }) },
  responses: {
    204: { description: "Removed" },
    403: problemResponse("The key is not an admin of that workspace"),
    404: problemResponse("The workspace has no such credential"),
  },
});

const resume = createRoute({
  method: "post",
  path: "/api/orchestrator/workspaces/{workspace}/credentials/{name}/resume",
  summary: "The provider behind a credential has quota again: what waits for it may run",
  security,
  request: {
    params: z.object({ workspace: resourceName, name: resourceName }),
    body: { required: true, content: { "application/json": { schema: killRequest } } },
  },
  responses: {
    200: {
      description: "`resumed` is false when it was not paused",
      content: { "application/json": { schema: z.object({ resumed: z.boolean() }) } },
    },
    403: problemResponse("The key is not an admin of that workspace"),
  },
});

export function addCredentialRoutes(app: Api, openCloud: OpenCloud): void {
  app.openapi(set, async (context) => {
    const cloud = await openCloud();
    const principal = await authenticate(cloud, context);
    const { workspace, name } = context.req.valid("param");
    requireRole(principal, "workspace_admin", workspace);
    await setCredential(cloud, workspace, name, context.req.valid("json"), principal.keyId);
    return context.body(null, 204);
  });
  app.openapi(listCredentials, async (context) => {
    const cloud = await openCloud();
    const principal = await authenticate(cloud, context);
    const { workspace } = context.req.valid("param");
    requireRole(principal, "member", workspace);
    const names = await cloud.credentials.list(workspace);
    return context.json({ names, paused: await listPaused(cloud, workspace, names) }, 200);
  });
  app.openapi(remove, async (context) => {
    const { workspace, name } = context.req.valid("param");
    const { cloud, admin } = await openForAdmin(openCloud, context, workspace);
    await removeCredential(cloud, workspace, name, admin.keyId);
    return context.body(null, 204);
  });
  app.openapi(resume, async (context) => {
    const cloud = await openCloud();
    const principal = await authenticate(cloud, context);
    const { workspace, name } = context.req.valid("param");
    requireRole(principal, "workspace_admin", workspace);
    const reason = context.req.valid("json").reason.trim();
    const deadline = cloud.clock.now() + answerWithinMs;
    const resumed = await resumeProvider(cloud, workspace, name, principal.keyId, reason, deadline);
    return context.json({ resumed }, 200);
  });
}

async function listPaused(cloud: Cloud, workspace: string, names: readonly string[]) {
  const untils = await Promise.all(names.map((name) => pausedUntil(cloud, workspace, name)));
  const now = cloud.clock.now();
  return names.flatMap((name, n) => {
    const until = untils[n] ?? 0;
    return until > now ? [{ name, until: new Date(until).toISOString() }] : [];
  });
}
