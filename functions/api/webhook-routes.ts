// How does an admin choose where a workspace's notices go, and see what became of them?
import { randomBytes } from "node:crypto";
import type { Context } from "hono";
import * as z from "zod";
import { type DeliveryId, noticeTypes, type Webhook } from "../core/notices.ts";
import { resourceName } from "../core/requests.ts";
import { formatWebhookSecret } from "../core/webhook-signature.ts";
import { addWebhook, findWebhook, redeliver, removeWebhook } from "../flows/webhooks.ts";
import { type Api, createRoute, type OpenCloud } from "./api.ts";
import { security } from "./auth.ts";
import { deliveriesSchema, deliveryPage, deliverySchema, readDeliveries, viewDelivery } from "./delivery-view.ts";
import { json } from "./inputs.ts";
import { problemResponse } from "./problems.ts";
import { openForAdmin } from "./roles.ts";

const path = "/api/orchestrator/workspaces/{workspace}/webhooks";
const params = z.object({
  workspace: resourceName,
});
const webhookParams = params.extend({ webhookId: z.string().max(64) });
const deliveryParams = webhookParams.extend({ deliveryId: z.string().max(128) });
const secretBytes = 32;

const webhookRequest = z.strictObject({
  url: z.string().min(1).max(2048),
  events: z
    .array(z.enum(noticeTypes))
    .min(1)
    .default([...noticeTypes]),
});
const webhookSchema = z.object({
  webhookId: z.string(),
  url: z.string(),
  events: z.array(z.enum(noticeTypes)),
  createdBy: z.string(),
  createdAt: z.string(),
  /** It has not answered in time: nothing is posted to it until then. */
  restsUntil: z.string().optional(),
});
const notFound = problemResponse("The workspace has no such webhook, or the webhook no such delivery");
const forbidden = problemResponse("The key is not an admin of that workspace");

const add = createRoute({
  method: "post",
  path,
  summary: "Have the workspace's notices sent to a URL; the secret that signs them is shown in this answer only",
  security,
  request: { params, body: { required: true, content: json(webhookRequest) } },
  responses: {
    201: { description: "The webhook", content: json(webhookSchema.extend({ secret: z.string() })) },
    403: forbidden,
    422: problemResponse("Notices may not be sent to that URL, or there are too many webhooks"),
  },
});

const list = createRoute({
  method: "get",
  path,
  summary: "List the webhooks of a workspace",
  security,
  request: { params },
  responses: {
    200: {
      description: "The webhooks, without their secrets",
      content: json(z.object({ webhooks: z.array(webhookSchema) })),
    },
    403: forbidden,
  },
});

const remove = createRoute({
  method: "delete",
  path: `${path}/{webhookId}`,
  summary: "Remove a webhook with its secret; deliveries under way fail",
  security,
  request: { params: webhookParams },
  responses: { 204: { description: "Removed" }, 403: forbidden, 404: notFound },
});

const listDeliveries = createRoute({
  method: "get",
  path: `${path}/{webhookId}/deliveries`,
  summary: "What was sent to a webhook, newest first, and what came of it",
  security,
  request: {
    params: webhookParams,
    query: deliveryPage,
  },
  responses: {
    200: {
      description: "One page; `nextCursor` is absent on the last",
      content: json(deliveriesSchema),
    },
    403: forbidden,
    404: notFound,
  },
});

const sendAgain = createRoute({
  method: "post",
  path: `${path}/{webhookId}/deliveries/{deliveryId}/redeliver`,
  summary: "Send a delivery again, under the same webhook-id",
  security,
  request: { params: deliveryParams },
  responses: {
    202: { description: "It will be sent at once", content: json(deliverySchema) },
    403: forbidden,
    404: notFound,
  },
});

export function addWebhookRoutes(app: Api, openCloud: OpenCloud): void {
  const openFor = (context: Context, workspace: string) => openForAdmin(openCloud, context, workspace);

  app.openapi(add, async (context) => {
    const { workspace } = context.req.valid("param");
    const { cloud, admin } = await openFor(context, workspace);
    const secret = formatWebhookSecret(randomBytes(secretBytes));
    const webhook = await addWebhook(cloud, admin.keyId, { workspace, ...context.req.valid("json"), secret });
    return context.json({ ...viewWebhook(webhook), secret }, 201);
  });

  app.openapi(list, async (context) => {
    const { workspace } = context.req.valid("param");
    const { cloud } = await openFor(context, workspace);
    return context.json({ webhooks: (await cloud.notices.listWebhooks(workspace)).map(viewWebhook) }, 200);
  });

  app.openapi(remove, async (context) => {
    const { workspace, webhookId } = context.req.valid("param");
    const { cloud, admin } = await openFor(context, workspace);
    await removeWebhook(cloud, admin.keyId, workspace, webhookId);
    return context.body(null, 204);
  });

  app.openapi(listDeliveries, async (context) => {
    const { workspace, webhookId } = context.req.valid("param");
    const { cloud } = await openFor(context, workspace);
    const webhook = await findWebhook(cloud, workspace, webhookId);
    const read = (before: DeliveryId | undefined, limit: number) =>
      cloud.notices.listDeliveries(webhook.webhookId, before, limit);
    return context.json(await readDeliveries(context.req.valid("query"), read), 200);
  });

  app.openapi(sendAgain, async (context) => {
    const { workspace, webhookId, deliveryId } = context.req.valid("param");
    const { cloud } = await openFor(context, workspace);
    const webhook = await findWebhook(cloud, workspace, webhookId);
    return context.json(viewDelivery(await redeliver(cloud, webhook.webhookId, deliveryId)), 202);
  });
}

const iso = (at: number) => new Date(at).toISOString();

const viewWebhook = ({ workspace: _, createdAt, rest, ...webhook }: Webhook): z.output<typeof webhookSchema> => ({
  ...webhook,
  createdAt: iso(createdAt),
  ...(rest ? { restsUntil: iso(rest.until) } : {}),
});
