// Until when does a queued task wait, and why? The first cause that holds it back, in words. Pure.
import type { AuditEvent, TaskSummary } from "../../client.ts";
import { sayMoment } from "../words.ts";

interface Switch {
  stopped: boolean;
  paused: boolean;
  reason?: string | undefined;
}

export interface Holders {
  workspace?: Switch | undefined;
  global?: Switch | undefined;
  /** Until when the provider of its model is out of quota. */
  quotaUntil?: string | undefined;
  events: readonly AuditEvent[];
}

export function sayWait(task: TaskSummary, { workspace, global, quotaUntil, events }: Holders): string {
  const switched = saySwitch("everything", global) ?? saySwitch(`workspace ${task.workspace}`, workspace);
  if (switched) return switched;
  if (quotaUntil) return `until ${sayMoment(quotaUntil)}, because the provider of its model is out of quota`;
  const last = events.findLast(({ from, to }) => to === "queued" && from !== "queued");
  const why = sayWhyAgain(last);
  if (task.notBefore) return `until ${sayMoment(task.notBefore)}, because ${why ?? "it was asked for then"}`;
  return why ? `for its turn, because ${why}` : "for its turn: for room, or for tasks that go before it";
}

function saySwitch(what: string, its: Switch | undefined): string | undefined {
  if (!its?.stopped && !its?.paused) return undefined;
  const [act, done] = its.stopped ? ["released", "stopped"] : ["resumed", "paused"];
  return `until ${what} is ${act}, because it was ${done}${its.reason ? `: ${its.reason}` : ""}`;
}

/** Of the event that brought it back to the queue; its first one says nothing of a wait. */
function sayWhyAgain(event: AuditEvent | undefined): string | undefined {
  const { why, failure } = (event?.data ?? {}) as { why?: string; failure?: { message?: string } };
  if (why) return `it was put back: ${why}`;
  return failure?.message && `its last attempt failed: ${failure.message}`;
}
