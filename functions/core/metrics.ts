// Which numbers of drover's own do operators watch? Only what is known anyway: none of them costs a request.
import type { TaskEvent } from "./events.ts";
import type { ReadyTask } from "./ready-order.ts";
import type { Attempt, FailureClass } from "./task.ts";

/** Told of once in each round of the reaper. */
export const roundMetrics = ["RunningAgents", "QueueAge", "UnconfirmedStops"] as const;
export type MetricName = (typeof roundMetrics)[number] | "PutBacks" | "Failures";

export const metricUnits = {
  RunningAgents: "Count",
  QueueAge: "Seconds",
  UnconfirmedStops: "Count",
  PutBacks: "Count",
  Failures: "Count",
} as const satisfies Record<MetricName, string>;

export interface Measure {
  values: Partial<Record<MetricName, number>>;
  /** Of failures: each class is counted by itself. */
  failureClass?: FailureClass;
}

/** A stop is confirmed within seconds; one that nobody has confirmed by then is for a person to look at. */
export const confirmWithinMs = 10 * 60_000;

export function measureRound(
  attempts: readonly Attempt[],
  ready: readonly ReadyTask[],
  owing: readonly Attempt[],
  now: number,
): Measure {
  const waited = ready.map(({ waitsSince }) => now - waitsSince);
  return {
    values: {
      RunningAgents: attempts.filter(({ endedAt }) => endedAt === undefined).length,
      QueueAge: Math.max(0, ...waited) / 1000,
      UnconfirmedStops: owing.filter(({ endedAt = now }) => now - endedAt > confirmWithinMs).length,
    },
  };
}

/** An attempt that failed, whether its task is tried again or not; one that was never begun is put back. */
export function measureEvent(event: TaskEvent): Measure | undefined {
  if (event.type === "put_back") return { values: { PutBacks: 1 } };
  if (event.type === "attempt_failed") return { values: { Failures: 1 }, failureClass: event.failure.class };
  return undefined;
}
