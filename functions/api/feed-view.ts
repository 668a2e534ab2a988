// What do the two feeds send? Audit events and progress, in the shapes that the API's document names.
import type { OpenAPIHono } from "@hono/zod-openapi";
import * as z from "zod";
import type { AuditEvent } from "../core/audit.ts";
import { spendSchema } from "../core/spend-schema.ts";
import { type Beat, taskStatuses } from "../core/task.ts";
import { taskSummarySchema } from "./task-view.ts";

const auditEventSchema = z.object({
  eventId: z.string(),
  taskId: z.string(),
  version: z.int(),
  type: z.string(),
  at: z.string(),
  by: z.string(),
  from: z.enum(taskStatuses).optional(),
  to: z.enum(taskStatuses),
  data: z.record(z.string(), z.unknown()),
  previousHash: z.string(),
  hash: z.string(),
});

/** `output` is what is new on this connection, and begins at `outputFrom`: a gap or a repetition shows there. */
const progressSchema = z.object({
  agentId: z.string(),
  seq: z.int(),
  step: z.string(),
  stepStartedAt: z.string(),
  output: z.string(),
  outputFrom: z.int(),
  outputLength: z.int(),
  spend: spendSchema.optional(),
});

/** What is active now, live tasks first; `complete` is false where there is more than it holds. */
const snapshotSchema = z.object({
  tasks: z.array(taskSummarySchema),
  unreadable: z.array(z.string()).optional(),
  complete: z.boolean(),
});

export type Snapshot = z.output<typeof snapshotSchema>;

/** No route answers these as JSON, but a client reads them from the streams. Clones: the library knows what was made after it only. */
export function registerFeedSchemas(registry: OpenAPIHono["openAPIRegistry"]): void {
  registry.register("AuditEvent", auditEventSchema.clone());
  registry.register("Progress", progressSchema.clone());
  registry.register("Snapshot", snapshotSchema.clone());
}

export const viewEvent = ({ at, ...event }: AuditEvent): z.output<typeof auditEventSchema> => ({
  ...event,
  at: new Date(at).toISOString(),
});

/** `sentLength`: how much of the attempt's output this connection has had. */
export function viewBeat(agentId: string, beat: Beat, sentLength: number): z.output<typeof progressSchema> {
  const { seq, step, stepStartedAt, output, outputLength, spend } = beat;
  const fresh = output.slice(Math.max(0, output.length - Math.max(0, outputLength - sentLength)));
  return {
    agentId,
    seq,
    step,
    stepStartedAt: new Date(stepStartedAt).toISOString(),
    output: outputLength > sentLength ? fresh : "",
    outputFrom: outputLength - fresh.length,
    outputLength,
    ...(spend ? { spend } : {}),
  };
}
