// At which moments of a task's life is the stack killed? Each is a request that is on its way, or has just taken effect.
import type { Interposable } from "../../stacks/local-services.ts";

export interface Moment {
  service: Interposable;
  operation: string;
  /** Stands in the request. */
  text: string;
  when: "before" | "after";
  /** The kill comes within so much time, not at once. */
  withinMs?: number;
}

const event = (type: string, when: Moment["when"], withinMs = 0): Moment => ({
  service: "DYNAMODB",
  operation: "TransactWriteItems",
  text: `"type":{"S":"${type}"}`,
  when,
  withinMs,
});
const update = (text: string, when: Moment["when"]): Moment => ({
  service: "DYNAMODB",
  operation: "UpdateItem",
  text,
  when,
});
const launch = (when: Moment["when"]): Moment => ({ service: "ECS", operation: "RunTask", text: "", when });

/** A kill is drawn from the moments of its hop. */
export const hops: Record<string, readonly Moment[]> = {
  "queued to launching": [event("claimed", "before"), event("claimed", "after")],
  "launching, before the launch": [launch("before")],
  "launching, after the launch": [launch("after"), update("sandboxArn", "before"), update("sandboxArn", "after")],
  running: [event("started", "after"), update('"beat"', "before"), event("work_done", "before")],
  verifying: [event("work_done", "after"), event("permit_granted", "before")],
  // The remote takes 300 ms for a push.
  publishing: [event("permit_granted", "after", 400)],
  "after the push": [event("completed", "before"), event("completed", "after")],
};
