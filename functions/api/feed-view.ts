// What do the two feeds send? Audit events and progress, in the shapes that the API's document names.
import * as z from "zod";
import type { AuditEvent } from "../core/audit.ts";
import { spendSchema } from "../core/spend-schema.ts";
import { type Beat, taskStatuses } from "../core/task.ts";
import type { Api } from "./api.ts";
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

/** What is active now; `complete` is false where there is more than it holds. */
const snapshotSchema = z.object({
  tasks: z.array(taskSummarySchema),
  unreadable: z.array(z.string()).optional(),
  complete: z.boolean(),
});

export type Snapshot = z.output<typeof snapshotSchema>;

/** No route answers these as JSON, but a client reads them from the streams. */
export function registerFeedSchemas({ openAPIRegistry }: Api): void {
  openAPIRegistry.register("AuditEvent", auditEventSchema);
  openAPIRegistry.register("Progress", progressSchema);
  openAPIRegistry.register("Snapshot", snapshotSchema);
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
