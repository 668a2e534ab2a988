// How does an admin make, list and revoke API keys, and read the acts of the audit log?
import { randomBytes } from "node:crypto";
import * as z from "zod";
import type { KeyId } from "../core/ids.ts";
import { resourceName } from "../core/requests.ts";
import { type ApiKey, roles } from "../core/table.ts";
import { createApiKey, revokeApiKey } from "../flows/api-keys.ts";
import { type Api, createRoute, type OpenCloud } from "./api.ts";
import { authenticate, formatApiKey, hashSecret, security } from "./auth.ts";
import { json } from "./inputs.ts";
import { problemResponse } from "./problems.ts";
import { requireRole } from "./roles.ts";

const path = "/api/orchestrator/workspaces/{workspace}/keys";
const params = z.object({
  workspace: resourceName,
});

const keyRequest = z.strictObject({
  name: z.string().trim().min(1).max(100),
  /** Who the key speaks for: the same for a key that replaces another. */
  principal: z.string().trim().min(1).max(100).optional(),
  role: z.enum(roles).default("member"),
  requestsPerMinute: z.int().min(1).max(100_000).optional(),
});
const keySchema = z.object({
  keyId: z.string(),
  name: z.string(),
  principal: z.string(),
  role: z.enum(roles),
  workspace: z.string(),
  requestsPerMinute: z.int().optional(),
  createdAt: z.string(),
  revokedAt: z.string().optional(),
});

const create = createRoute({
  method: "post",
  path,
  summary: "Make an API key; it is shown in this answer only",
  security,
  request: { params, body: { required: true, content: json(keyRequest) } },
  responses: {
    201: { description: "The key", content: json(keySchema.extend({ apiKey: z.string() })) },
    403: problemResponse("The key is not an admin of that workspace"),
  },
});

const list = createRoute({
  method: "get",
  path,
  summary: "List the API keys of a workspace",
  security,
  request: { params },
  responses: {
    200: { description: "The keys, without their secrets", content: json(z.object({ keys: z.array(keySchema) })) },
  },
});

const revoke = createRoute({
  method: "delete",
  path: `${path}/{keyId}`,
  summary: "Revoke an API key",
  security,
  request: { params: params.extend({ keyId: z.string() }) },
  responses: {
    200: { description: "The revoked key", content: json(keySchema) },
    403: problemResponse("The key is not an admin of that workspace, or it is a super admin's that is to be revoked"),
    404: problemResponse("The workspace has no such key"),
  },
});

export function addKeyRoutes(app: Api, openCloud: OpenCloud): void {
  app.openapi(create, async (context) => {
    const cloud = await openCloud();
    const admin = await authenticate(cloud, context);
    const { workspace } = context.req.valid("param");
    const { name, role, principal, requestsPerMinute } = context.req.valid("json");
    // Nobody makes a key that may more than the one that made it.
    requireRole(admin, role === "super_admin" ? "super_admin" : "workspace_admin", workspace);
    const keyId: KeyId = cloud.ids.key();
    const secret = randomBytes(32).toString("base64url");
    const secretHash = hashSecret(secret);
    const createdAt = cloud.clock.now();
    const key: ApiKey = {
      keyId,
      name,
      principal: principal ?? keyId,
      secretHash,
      workspace,
      role,
      createdAt,
      requestsPerMinute,
    };
    await createApiKey(cloud, key, admin.keyId);
    return context.json({ ...viewKey(key), apiKey: formatApiKey(keyId, secret) }, 201);
  });

  app.openapi(list, async (context) => {
    const cloud = await openCloud();
    const admin = await authenticate(cloud, context);
    const { workspace } = context.req.valid("param");
    requireRole(admin, "workspace_admin", workspace);
    return context.json({ keys: (await cloud.table.listApiKeys(workspace)).map(viewKey) }, 200);
  });

  app.openapi(revoke, async (context) => {
    const cloud = await openCloud();
    const admin = await authenticate(cloud, context);
    const { workspace, keyId } = context.req.valid("param");
    requireRole(admin, "workspace_admin", workspace);
    return context.json(viewKey(await revokeApiKey(cloud, workspace, keyId as KeyId, admin)), 200);
  });
}

function viewKey({ secretHash: _, createdAt, revokedAt, ...key }: ApiKey): z.output<typeof keySchema> {
  return {
    ...key,
    createdAt: new Date(createdAt).toISOString(),
    ...(revokedAt === undefined ? {} : { revokedAt: new Date(revokedAt).toISOString() }),
  };
}
