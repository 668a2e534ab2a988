// How does an admin have tasks asked for again and again?
import * as z from "zod";
import { callersKey } from "../core/idempotency.ts";
import { resourceName } from "../core/requests.ts";
import { type Schedule, scheduleEdit, scheduleRequest } from "../core/schedules.ts";
import { addSchedule, editSchedule, findSchedule, removeSchedule, runNow } from "../flows/schedules.ts";
import { type Api, createRoute, type OpenCloud } from "./api.ts";
import { security } from "./auth.ts";
import { idempotencyHeaders, json } from "./inputs.ts";
import { problemResponse } from "./problems.ts";
import { openForAdmin } from "./roles.ts";

const path = "/api/orchestrator/workspaces/{workspace}/schedules";
const params = z.object({ workspace: resourceName });
const scheduleParams = params.extend({ scheduleId: z.string().max(64) });

const fired = { dueAt: z.string(), at: z.string() };
const scheduleSchema = scheduleRequest
  .extend({
    scheduleId: z.string(),
    paused: z.boolean(),
    /** Absent while it is paused. */
    nextAt: z.string().optional(),
    /** What became of the last time it was due. */
    lastOutcome: z
      .union([
        z.object({ kind: z.literal("submitted"), taskId: z.string(), ...fired }),
        z.object({ kind: z.literal("refused"), code: z.string(), why: z.string(), ...fired }),
      ])
      .optional(),
    createdBy: z.string(),
    createdAt: z.string(),
  })
  .meta({ id: "Schedule" });
const taskMade = json(z.object({ taskId: z.string() }));
const forbidden = problemResponse("The key is not an admin of that workspace");
const notFound = problemResponse("The workspace has no such schedule");
const badTime = problemResponse("The schedule cannot be read, or never comes");
const taken = problemResponse("The workspace has a schedule of that name");

const add = createRoute({
  method: "post",
  path,
  summary: "Have a task asked for at the times of a cron expression",
  security,
  request: { params, body: { required: true, content: json(scheduleRequest) } },
  responses: {
    201: { description: "The schedule", content: json(scheduleSchema) },
    400: badTime,
    403: forbidden,
    409: taken,
    422: problemResponse("There are too many schedules"),
  },
});

const list = createRoute({
  method: "get",
  path,
  summary: "List the schedules of a workspace, with their next time and what became of the last one",
  security,
  request: { params },
  responses: {
    200: { description: "The schedules", content: json(z.object({ schedules: z.array(scheduleSchema) })) },
    403: forbidden,
  },
});

const change = createRoute({
  method: "patch",
  path: `${path}/{scheduleId}`,
  summary: "Pause, resume or change a schedule; what was due while it was paused is not made up for",
  security,
  request: { params: scheduleParams, body: { required: true, content: json(scheduleEdit) } },
  responses: {
    200: { description: "The schedule as it is now", content: json(scheduleSchema) },
    400: badTime,
    403: forbidden,
    404: notFound,
    409: taken,
  },
});

const remove = createRoute({
  method: "delete",
  path: `${path}/{scheduleId}`,
  summary: "Remove a schedule; its tasks go on",
  security,
  request: { params: scheduleParams },
  responses: { 204: { description: "Removed" }, 403: forbidden, 404: notFound },
});

const run = createRoute({
  method: "post",
  path: `${path}/{scheduleId}/run`,
  summary: "Ask for a schedule's task now, beside its times",
  security,
  request: { params: scheduleParams, headers: idempotencyHeaders },
  responses: {
    201: { description: "The task is queued", content: taskMade },
    200: { description: "The same Idempotency-Key made this task before", content: taskMade },
    403: forbidden,
    404: notFound,
    422: problemResponse("The task cannot be admitted"),
  },
});

export function addScheduleRoutes(app: Api, openCloud: OpenCloud): void {
  app.openapi(add, async (context) => {
    const { workspace } = context.req.valid("param");
    const { cloud, admin } = await openForAdmin(openCloud, context, workspace);
    const schedule = await addSchedule(cloud, admin.keyId, workspace, context.req.valid("json"));
    return context.json(viewSchedule(schedule), 201);
  });

  app.openapi(list, async (context) => {
    const { workspace } = context.req.valid("param");
    const { cloud } = await openForAdmin(openCloud, context, workspace);
    return context.json({ schedules: (await cloud.table.listSchedules(workspace)).map(viewSchedule) }, 200);
  });

  app.openapi(change, async (context) => {
    const { workspace, scheduleId } = context.req.valid("param");
    const { cloud, admin } = await openForAdmin(openCloud, context, workspace);
    const edit = context.req.valid("json");
    return context.json(viewSchedule(await editSchedule(cloud, admin.keyId, workspace, scheduleId, edit)), 200);
  });

  app.openapi(remove, async (context) => {
    const { workspace, scheduleId } = context.req.valid("param");
    const { cloud, admin } = await openForAdmin(openCloud, context, workspace);
    await removeSchedule(cloud, admin.keyId, workspace, scheduleId);
    return context.body(null, 204);
  });

  app.openapi(run, async (context) => {
    const { workspace, scheduleId } = context.req.valid("param");
    const { cloud, admin } = await openForAdmin(openCloud, context, workspace);
    const schedule = await findSchedule(cloud, workspace, scheduleId);
    const made = await runNow(cloud, admin.keyId, schedule, callersKey(context.req.valid("header")["idempotency-key"]));
    return made.repeated ? context.json({ taskId: made.taskId }, 200) : context.json({ taskId: made.taskId }, 201);
  });
}

const iso = (at: number) => new Date(at).toISOString();

function viewSchedule(schedule: Schedule): z.output<typeof scheduleSchema> {
  const { workspace: _, version: __, nextAt, lastOutcome, createdAt, ...shown } = schedule;
  return {
    ...shown,
    createdAt: iso(createdAt),
    paused: nextAt === undefined,
    ...(nextAt === undefined ? {} : { nextAt: iso(nextAt) }),
    ...(lastOutcome ? { lastOutcome: { ...lastOutcome, dueAt: iso(lastOutcome.dueAt), at: iso(lastOutcome.at) } } : {}),
  };
}
