// How is one task killed? Kept apart from the rest, since the kill function serves these routes alone.
import * as z from "zod";
import { killRequest } from "../core/requests.ts";
import { killTask } from "../flows/kill-task.ts";
import { type Api, createRoute, type OpenCloud } from "./api.ts";
import { authenticate, security } from "./auth.ts";
import { taskParams } from "./inputs.ts";
import { taskOf } from "./own-task.ts";
import { problemResponse } from "./problems.ts";
import { requireOwn } from "./roles.ts";
import { taskSummarySchema, viewTaskSummary } from "./task-view.ts";

const path = "/api/orchestrator/tasks/{taskId}/kill";

const killAnswer = z.object({
  task: taskSummarySchema,
  /** `requested` and `pending` do not say that it has stopped: that is `task.stopConfirmation`, later. */
  stop: z.enum(["not_needed", "requested", "pending"]),
});

const kill = createRoute({
  method: "post",
  path,
  summary: "Kill a task now",
  security,
  request: {
    params: taskParams,
    body: { required: true, content: { "application/json": { schema: killRequest } } },
  },
  responses: {
    200: {
      description: "Killed: from now on nothing that the task does is accepted",
      content: { "application/json": { schema: killAnswer } },
    },
    404: problemResponse("There is no such task"),
    409: problemResponse("The task has already ended"),
  },
});

export function addKillRoutes(app: Api, openCloud: OpenCloud): void {
  app.openapi(kill, async (context) => {
    const cloud = await openCloud();
    const principal = await authenticate(cloud, context);
    const found = await taskOf(cloud, context.req.valid("param").taskId, principal);
    const reason = context.req.valid("json").reason.trim();
    requireOwn(principal, found);
    const { task, stop } = await killTask(cloud, found.taskId, principal.keyId, reason);
    return context.json({ task: viewTaskSummary(task), stop }, 200);
  });
}
