// How does a user change, withdraw or repeat a task?
import { cancelRequest, taskEdit } from "../core/requests.ts";
import { cancelTask, editTask, retryTask } from "../flows/edit-task.ts";
import { type Api, createRoute, type OpenCloud } from "./api.ts";
import { authenticate, security } from "./auth.ts";
import { json, taskParams, tasks } from "./inputs.ts";
import { readTask, taskOf } from "./own-task.ts";
import { problemResponse } from "./problems.ts";
import { requireOwn } from "./roles.ts";
import { taskSchema } from "./task-view.ts";

const responses = {
  403: problemResponse("The task belongs to somebody else"),
  404: problemResponse("There is no such task"),
  409: problemResponse("Not in its present state, or not at the version that was given"),
};

const edit = createRoute({
  method: "patch",
  path: `${tasks}/{taskId}`,
  summary: "Change a queued task, given the version that was read",
  security,
  request: { params: taskParams, body: { required: true, content: json(taskEdit) } },
  responses: { 200: { description: "The changed task", content: json(taskSchema) }, ...responses },
});

const cancel = createRoute({
  method: "post",
  path: `${tasks}/{taskId}/cancel`,
  summary: "Withdraw a queued task",
  security,
  request: { params: taskParams, body: { required: false, content: json(cancelRequest) } },
  responses: {
    200: { description: "The task, killed with cause `cancelled`", content: json(taskSchema) },
    ...responses,
  },
});

const retry = createRoute({
  method: "post",
  path: `${tasks}/{taskId}/retry`,
  summary: "Ask again for what a failed or killed task asked for, as a new task",
  security,
  request: { params: taskParams },
  responses: {
    200: { description: "The retry that was asked for before and has not ended badly", content: json(taskSchema) },
    201: { description: "The new task; `retryOf` names the old one", content: json(taskSchema) },
    ...responses,
  },
});

export function addEditRoutes(app: Api, openCloud: OpenCloud): void {
  app.openapi(edit, async (context) => {
    const cloud = await openCloud();
    const key = await authenticate(cloud, context);
    const found = await taskOf(cloud, context.req.valid("param").taskId, key);
    requireOwn(key, found);
    const task = await editTask(cloud, found.taskId, key.keyId, context.req.valid("json"));
    return context.json(await readTask(cloud, task), 200);
  });

  app.openapi(cancel, async (context) => {
    const cloud = await openCloud();
    const key = await authenticate(cloud, context);
    const found = await taskOf(cloud, context.req.valid("param").taskId, key);
    requireOwn(key, found);
    const { reason } = cancelRequest.parse(context.req.valid("json") ?? {});
    return context.json(await readTask(cloud, await cancelTask(cloud, found.taskId, key.keyId, reason)), 200);
  });

  app.openapi(retry, async (context) => {
    const cloud = await openCloud();
    const key = await authenticate(cloud, context);
    const found = await taskOf(cloud, context.req.valid("param").taskId, key);
    requireOwn(key, found);
    const { taskId, repeated } = await retryTask(cloud, found.taskId, { ...key, workspace: found.workspace });
    const view = await readTask(cloud, await taskOf(cloud, taskId, key));
    return repeated ? context.json(view, 200) : context.json(view, 201, { location: `${tasks}/${taskId}` });
  });
}
