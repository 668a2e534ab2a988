// What became of the comment on a task's issue, and how is it tried again?
import * as z from "zod";
import type { DeliveryId } from "../core/notices.ts";
import { redeliver } from "../flows/webhooks.ts";
import { type Api, createRoute, type OpenCloud } from "./api.ts";
import { authenticate, security } from "./auth.ts";
import { deliveriesSchema, deliveryPage, deliverySchema, readDeliveries, viewDelivery } from "./delivery-view.ts";
import { json, taskParams, tasks } from "./inputs.ts";
import { taskOf } from "./own-task.ts";
import { problemResponse } from "./problems.ts";
import { requireOwn } from "./roles.ts";

const path = `${tasks}/{taskId}/deliveries`;
const notFound = problemResponse("There is no such task, or it has no such delivery");

const list = createRoute({
  method: "get",
  path,
  summary: "What was told on the task's issue, and what came of every try",
  security,
  request: { params: taskParams, query: deliveryPage },
  responses: {
    200: { description: "One page, newest first; `nextCursor` is absent on the last", content: json(deliveriesSchema) },
    404: notFound,
  },
});

const sendAgain = createRoute({
  method: "post",
  path: `${path}/{deliveryId}/redeliver`,
  summary: "Try again to comment on the task's issue; a comment that is there stays the only one",
  security,
  request: { params: taskParams.extend({ deliveryId: z.string().max(128) }) },
  responses: {
    202: { description: "It will be tried at once", content: json(deliverySchema) },
    403: problemResponse("The task is somebody else's"),
    404: notFound,
  },
});

export function addCommentRoutes(app: Api, openCloud: OpenCloud): void {
  app.openapi(list, async (context) => {
    const cloud = await openCloud();
    const key = await authenticate(cloud, context);
    const { taskId } = await taskOf(cloud, context.req.valid("param").taskId, key);
    const read = (before: DeliveryId | undefined, limit: number) => cloud.notices.listDeliveries(taskId, before, limit);
    return context.json(await readDeliveries(context.req.valid("query"), read), 200);
  });

  app.openapi(sendAgain, async (context) => {
    const cloud = await openCloud();
    const key = await authenticate(cloud, context);
    const { taskId, deliveryId } = context.req.valid("param");
    const task = await taskOf(cloud, taskId, key);
    requireOwn(key, task);
    return context.json(viewDelivery(await redeliver(cloud, task.taskId, deliveryId)), 202);
  });
}
