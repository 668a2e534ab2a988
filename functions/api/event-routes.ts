// How does a user follow one task live? Server-sent events; the id of each says exactly where to go on.

import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import * as z from "zod";
import type { AuditEvent } from "../core/audit.ts";
import type { Cloud } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import { agentIdOf, type TaskId } from "../core/ids.ts";
import { isFinal, isLive, type Task } from "../core/task.ts";
import { type Api, createRoute, type OpenCloud } from "./api.ts";
import { authenticate, security } from "./auth.ts";
import { viewBeat, viewEvent } from "./feed-view.ts";
import { taskParams } from "./inputs.ts";
import { taskOf } from "./own-task.ts";
import { problemResponse } from "./problems.ts";

/** `version.progress`: every event up to that version was seen, and of the attempt's beats those up to `progress`. */
interface Position {
  version: number;
  progress: number;
}

/** What this connection has sent: the position, and how much of the attempt's output. */
interface Sent extends Position {
  outputLength: number;
}

const events = createRoute({
  method: "get",
  path: "/api/orchestrator/tasks/{taskId}/events",
  summary: "Follow a task: its audit events, and the progress of the running attempt",
  security,
  request: { params: taskParams, headers: z.object({ "last-event-id": z.string().optional() }) },
  responses: {
    200: {
      description: "Events `audit` and `progress`, then `end` once the task has ended and its stop is confirmed",
      content: { "text/event-stream": { schema: z.string() } },
    },
    404: problemResponse("There is no such task"),
  },
});

const pollMs = 250;
const pingMs = 10_000;
const retryMs = 3_000;
const pageSize = 100;

export function addEventRoutes(app: Api, openCloud: OpenCloud): void {
  app.openapi(events, async (context) => {
    const cloud = await openCloud();
    const key = await authenticate(cloud, context);
    const { taskId, version } = await taskOf(cloud, context.req.valid("param").taskId, key);
    const position = parsePosition(context.req.valid("header")["last-event-id"], version);
    return streamSSE(context, (stream) => follow(cloud, taskId, position, stream));
  });
}

async function follow(cloud: Cloud, taskId: TaskId, from: Position, stream: SSEStreamingApi): Promise<void> {
  let at: Sent = { ...from, outputLength: 0 };
  let pingAt = 0;
  const until = cloud.clock.now() + cloud.settings.streamMs;
  // A reader whose stream has ended asks again, from where it was.
  while (!stream.aborted && cloud.clock.now() < until) {
    const task = await cloud.table.getTask(taskId);
    if (!task) return;
    if (cloud.clock.now() >= pingAt) {
      await stream.write(`retry: ${retryMs}\n: ping\n\n`);
      pingAt = cloud.clock.now() + pingMs;
    }
    if (task.version > at.version) at = await sendEvents(cloud, task, at, stream);
    // Where more events were read than the task knows of, its attempt may be over, and the position another one's.
    if (isLive(task.status) && at.version === task.version) at = await sendBeat(cloud, task, at, stream);
    const settled = isFinal(task.status) && task.due === undefined && task.stopConfirmation !== undefined;
    if (settled && at.version >= task.version) {
      return stream.writeSSE({ event: "end", id: format(at), data: JSON.stringify({ status: task.status }) });
    }
    await cloud.clock.sleep(pollMs);
  }
}

async function sendEvents(cloud: Cloud, task: Task, from: Sent, stream: SSEStreamingApi): Promise<Sent> {
  let at = from;
  for (const event of await cloud.table.listEvents(task.taskId, at.version, pageSize)) {
    // What an attempt printed comes before the event that it leads to.
    if (event.from === "running" && isOfCurrentAttempt(event, task)) at = await sendBeat(cloud, task, at, stream);
    // A new attempt counts its beats from the start.
    at = { ...at, version: event.version, ...(event.type === "claimed" ? { progress: 0, outputLength: 0 } : {}) };
    await stream.writeSSE({ event: "audit", id: format(at), data: JSON.stringify(viewEvent(event)) });
  }
  return at;
}

/** Only the current attempt's beat is at hand; an earlier one's is in its log. */
function isOfCurrentAttempt({ by, data }: AuditEvent, task: Task): boolean {
  const current = agentIdOf(task.taskId, task.attempt);
  return by === `agent:${current}` || data.agentId === current || data.attempt === task.attempt;
}

async function sendBeat(cloud: Cloud, task: Task, at: Sent, stream: SSEStreamingApi): Promise<Sent> {
  const agentId = agentIdOf(task.taskId, task.attempt);
  const beat = (await cloud.table.getAttempt(agentId))?.beat;
  if (!beat || beat.seq <= at.progress) return at;
  const next = { ...at, progress: beat.seq, outputLength: beat.outputLength };
  await stream.writeSSE({
    event: "progress",
    id: format(next),
    data: JSON.stringify(viewBeat(agentId, beat, at.outputLength)),
  });
  return next;
}

const format = ({ version, progress }: Position) => `${version}.${progress}`;

function parsePosition(id: string | undefined, newestVersion: number): Position {
  if (!id) return { version: 0, progress: 0 };
  const match = /^(\d{1,9})\.(\d{1,9})$/.exec(id);
  if (!match || Number(match[1]) > newestVersion)
    throw new DroverError("invalid_request", `Last-Event-ID "${id}" is not one that this feed has sent.`);
  return { version: Number(match[1]), progress: Number(match[2]) };
}
