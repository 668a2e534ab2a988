// How does a user submit, read and list tasks, and read what an attempt left behind?
import * as z from "zod";
import type { ArtifactKind } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import { callersKey } from "../core/idempotency.ts";
import { agentIdOf } from "../core/ids.ts";
import { taskRequest } from "../core/requests.ts";
import type { Task } from "../core/task.ts";
import { submitTask } from "../flows/submit-task.ts";
import { type Api, createRoute, type OpenCloud } from "./api.ts";
import { authenticate, security } from "./auth.ts";
import { idempotencyHeaders, json, taskParams, tasks } from "./inputs.ts";
import { readTask, taskOf } from "./own-task.ts";
import { problemResponse } from "./problems.ts";
import { taskSchema, viewTask } from "./task-view.ts";

const submit = createRoute({
  method: "post",
  path: tasks,
  summary: "Submit a task",
  security,
  request: {
    headers: idempotencyHeaders,
    body: { required: true, content: json(taskRequest) },
  },
  responses: {
    201: { description: "The task is queued", content: json(taskSchema) },
    200: { description: "The same Idempotency-Key made this task before", content: json(taskSchema) },
    400: problemResponse("The request is not valid"),
    401: problemResponse("No valid API key"),
    422: problemResponse("The repository, branch, credential or backend cannot be used, or no sandbox can be made"),
  },
});

const show = createRoute({
  method: "get",
  path: `${tasks}/{taskId}`,
  summary: "Read a task with its attempts",
  security,
  request: { params: taskParams },
  responses: {
    200: { description: "The task", content: json(taskSchema) },
    404: problemResponse("There is no such task"),
  },
});

const artifactRoute = (kind: ArtifactKind) =>
  createRoute({
    method: "get",
    path: `${tasks}/{taskId}/${kind}`,
    summary: `Read the ${kind} of an attempt; of the last one, unless another is named`,
    security,
    request: { params: taskParams, query: z.strictObject({ attempt: z.coerce.number().int().min(1).optional() }) },
    responses: {
      200: { description: `The ${kind}`, content: { "text/plain": { schema: z.string() } } },
      404: problemResponse("There is no such task, or the attempt has not left it"),
    },
  });

export function addTaskRoutes(app: Api, openCloud: OpenCloud): void {
  app.openapi(submit, async (context) => {
    const cloud = await openCloud();
    const principal = await authenticate(cloud, context);
    const idempotencyKey = callersKey(context.req.valid("header")["idempotency-key"]);
    const request = context.req.valid("json");
    const { taskId, repeated, made } = await submitTask(cloud, { principal, request, idempotencyKey });
    // As it was made: it may be under way by now, and whoever asks again is told of that.
    const view = made
      ? viewTask(made.task, made.spec, [])
      : await readTask(cloud, await taskOf(cloud, taskId, principal));
    return repeated ? context.json(view, 200) : context.json(view, 201, { location: `${tasks}/${taskId}` });
  });

  app.openapi(show, async (context) => {
    const cloud = await openCloud();
    const key = await authenticate(cloud, context);
    return context.json(await readTask(cloud, await taskOf(cloud, context.req.valid("param").taskId, key)), 200);
  });

  for (const kind of ["log", "diff", "transcript", "verdicts", "gates"] as const)
    addArtifactRoute(app, openCloud, kind);
}

function addArtifactRoute(app: Api, openCloud: OpenCloud, kind: ArtifactKind): void {
  app.openapi(artifactRoute(kind), async (context) => {
    const cloud = await openCloud();
    const key = await authenticate(cloud, context);
    const task = await taskOf(cloud, context.req.valid("param").taskId, key);
    const attempt = context.req.valid("query").attempt ?? task.attempt;
    const bytes = attempt > 0 ? await cloud.artifacts.read(agentIdOf(task.taskId, attempt), kind) : undefined;
    if (!bytes) throw new DroverError("artifact_not_found", explainAbsence(task, attempt, kind));
    return context.text(Buffer.from(bytes).toString(), 200);
  });
}

function explainAbsence({ taskId, attempt: last }: Task, attempt: number, kind: ArtifactKind): string {
  if (last === 0) return `${taskId} has had no attempt, so there is no ${kind}.`;
  if (attempt > last) return `${taskId} has no attempt ${attempt}; its last one is ${last}.`;
  return `Attempt ${attempt} of ${taskId} has left no ${kind} (yet).`;
}
