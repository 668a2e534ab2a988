// How does a user follow all tasks of a workspace? One stream; after a break it goes on without a gap.

import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import * as z from "zod";
import type { AuditEvent } from "../core/audit.ts";
import type { Cloud } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import { listActive } from "../flows/list-active.ts";
import { type Api, createRoute, type OpenCloud } from "./api.ts";
import { authenticate, security } from "./auth.ts";
import { type Snapshot, viewEvent } from "./feed-view.ts";
import { ofWorkspace } from "./inputs.ts";
import { chooseWorkspace } from "./roles.ts";
import { type LookSettings, shareLooks } from "./share-looks.ts";
import { viewTasks } from "./task-view.ts";

const pollMs = 500;
const pingMs = 10_000;
const retryMs = 3_000;
export const lookSettings: LookSettings = {
  pageSize: 200,
  /** How far back each look begins: the index may lag, and clocks of functions differ. */
  overlapMs: 15_000,
  /** Half of the time between two looks: what many look at at once is read a few times a second, however many they are. */
  sharedMs: 250,
};
const { overlapMs } = lookSettings;
/** An older position gets a snapshot of what is active instead of all that it missed. */
const maxBehindMs = 60 * 60_000;
const snapshotSize = 1_000;

const feed = createRoute({
  method: "get",
  path: "/api/orchestrator/agents/events",
  summary: "Follow all tasks of the workspace",
  security,
  request: {
    headers: z.object({ "last-event-id": z.string().optional() }),
    query: z.strictObject(ofWorkspace),
  },
  responses: {
    200: {
      description:
        "Events `audit`, each with a stable id: after a break some come again, and a client drops the ids it has seen. " +
        "A new client, or one that is too far behind, gets a `snapshot` of the active tasks first",
      content: { "text/event-stream": { schema: z.string() } },
    },
  },
});

export function addFeedRoutes(app: Api, openCloud: OpenCloud): void {
  const look = shareLooks(lookSettings);
  app.openapi(feed, async (context) => {
    const cloud = await openCloud();
    const workspace = chooseWorkspace(await authenticate(cloud, context), context.req.valid("query").workspace);
    const since = parsePosition(context.req.valid("header")["last-event-id"]);
    return streamSSE(context, (stream) => follow(cloud, workspace, since, stream, look));
  });
}

async function follow(
  cloud: Cloud,
  workspace: string,
  since: number | undefined,
  stream: SSEStreamingApi,
  look: ReturnType<typeof shareLooks>,
): Promise<void> {
  const now = cloud.clock.now();
  let from = since === undefined || now - since > maxBehindMs ? undefined : since - overlapMs;
  if (from === undefined) {
    // Looked at before the events are: what happens in between comes as an event, too.
    from = now - overlapMs;
    await sendSnapshot(cloud, workspace, stream);
  }
  const sent = new Map<string, number>();
  let pingAt = 0;
  const until = cloud.clock.now() + cloud.settings.streamMs;
  // A reader whose stream has ended asks again, from where it was.
  while (!stream.aborted && cloud.clock.now() < until) {
    if (cloud.clock.now() >= pingAt) {
      await stream.write(`retry: ${retryMs}\n: ping\n\n`);
      pingAt = cloud.clock.now() + pingMs;
    }
    const { pages, at } = await look(cloud, workspace, from);
    const next = Math.max(from, at - overlapMs);
    for await (const events of pages) {
      await sendEvents(stream, events, sent, next);
      if (stream.aborted) return;
    }
    from = next;
    for (const [id, at] of sent) if (at < from) sent.delete(id);
    await cloud.clock.sleep(pollMs);
  }
}

/** Those that were not sent yet. What the next look comes past again is remembered. */
async function sendEvents(stream: SSEStreamingApi, events: AuditEvent[], sent: Map<string, number>, next: number) {
  for (const event of events.filter(({ eventId }) => !sent.has(eventId))) {
    if (event.at >= next) sent.set(event.eventId, event.at);
    await stream.writeSSE({
      event: "audit",
      id: `${event.at}-${event.eventId}`,
      data: JSON.stringify(viewEvent(event)),
    });
  }
}

async function sendSnapshot(cloud: Cloud, workspace: string, stream: SSEStreamingApi): Promise<void> {
  const { tasks, complete } = await listActive(cloud, workspace, snapshotSize);
  const data: Snapshot = { ...viewTasks(tasks), complete };
  await stream.writeSSE({ event: "snapshot", data: JSON.stringify(data) });
}

function parsePosition(id: string | undefined): number | undefined {
  if (!id) return undefined;
  const match = /^(\d{13})-evt_[0-9A-Z]{26}$/.exec(id);
  if (!match) throw new DroverError("invalid_request", `Last-Event-ID "${id}" is not one that this feed has sent.`);
  return Number(match[1]);
}
