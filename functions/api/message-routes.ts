// How does a person speak to the agent of a task, and read what was said?
import * as z from "zod";
import type { Message } from "../core/message.ts";
import { messageRequest } from "../core/requests.ts";
import { sendMessage } from "../flows/send-message.ts";
import { type Api, createRoute, type OpenCloud } from "./api.ts";
import { authenticate, security } from "./auth.ts";
import { json, taskParams, tasks } from "./inputs.ts";
import { taskOf } from "./own-task.ts";
import { problemResponse } from "./problems.ts";
import { requireOwn } from "./roles.ts";

const path = `${tasks}/{taskId}/messages`;
const messageSchema = z.object({ number: z.int(), at: z.string(), by: z.string(), text: z.string() });

const send = createRoute({
  method: "post",
  path,
  summary: "Say something to the agent of a task; it hears it before its next turn",
  security,
  request: { params: taskParams, body: { required: true, content: json(messageRequest) } },
  responses: {
    201: { description: "The message", content: json(messageSchema) },
    403: problemResponse("The task belongs to somebody else"),
    404: problemResponse("There is no such task"),
    409: problemResponse("The task has ended or is being published, or its agent reads no messages"),
  },
});

const list = createRoute({
  method: "get",
  path,
  summary: "Read what was said to the agent of a task",
  security,
  request: { params: taskParams, query: z.strictObject({ after: z.coerce.number().int().min(0).default(0) }) },
  responses: {
    200: {
      description: "At most 100, oldest first, from the one after number `after`",
      content: json(z.object({ messages: z.array(messageSchema) })),
    },
    404: problemResponse("There is no such task"),
  },
});

export function addMessageRoutes(app: Api, openCloud: OpenCloud): void {
  app.openapi(send, async (context) => {
    const cloud = await openCloud();
    const key = await authenticate(cloud, context);
    const task = await taskOf(cloud, context.req.valid("param").taskId, key);
    requireOwn(key, task);
    return context.json(view(await sendMessage(cloud, task.taskId, key.keyId, context.req.valid("json").text)), 201);
  });

  app.openapi(list, async (context) => {
    const cloud = await openCloud();
    const key = await authenticate(cloud, context);
    const task = await taskOf(cloud, context.req.valid("param").taskId, key);
    const messages = await cloud.table.listMessages(task.taskId, context.req.valid("query").after);
    return context.json({ messages: messages.map(view) }, 200);
  });
}

const view = ({ at, ...message }: Message) => ({ ...message, at: new Date(at).toISOString() });
