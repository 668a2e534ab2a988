// What follows a try to deliver: is it done, tried again, or given up?
import type { Rest } from "./backends.ts";
import type { Delivery, PostOutcome, Try } from "./notices.ts";

const keptTries = 20;
/** Standard Webhooks: the receiver is gone for good. */
const gone = 410;

export interface TryResult {
  outcome: PostOutcome;
  startedAt: number;
  now: number;
  /** In [0, 1). */
  random: number;
}

/** The delivery after a try that was begun with `claimed.attempts`. */
export function afterTry(claimed: Delivery, result: TryResult, backoffMs: readonly number[]): Delivery {
  const tries = [...claimed.tries, toTry(result)].slice(-keptTries);
  const next = { ...claimed, tries };
  const { outcome, now, random } = result;
  if (outcome.kind === "answered" && isSuccess(outcome.status)) return { ...next, state: "delivered" };
  const left = claimed.maxAttempts - claimed.attempts;
  const isHopeless = outcome.kind === "refused" || (outcome.kind === "answered" && outcome.status === gone);
  if (left <= 0 || isHopeless) return { ...next, state: "failed" };
  const waitMs = backoffMs.at(Math.max(0, backoffMs.length - left)) ?? 0;
  // Half of it is random, so that what failed together does not come back together.
  return { ...next, nextAt: now + Math.round(waitMs * (0.5 + random / 2)) };
}

/** In times of what one post may take: a receiver that does not answer has a seventh of one sender at most, and less each time. */
const firstRest = 6;
const longestRest = 90;

/** Of a receiver that has not answered in time. */
export function nextRest(last: Rest | undefined, now: number, timeoutMs: number): Rest {
  const ms = last ? Math.min(longestRest * timeoutMs, 2 * last.ms) : firstRest * timeoutMs;
  return { until: now + ms, ms };
}

/** For so long it is tried, or waits for a receiver that rests. */
export function isOutOfTime({ createdAt, againAt = createdAt }: Delivery, now: number, backoffMs: readonly number[]) {
  return now - againAt > backoffMs.reduce((sum, ms) => sum + ms, 0);
}

const isSuccess = (status: number) => status >= 200 && status < 300;
const isRedirect = (status: number) => status >= 300 && status < 400;

function toTry({ outcome, startedAt, now }: TryResult): Try {
  const tried = { at: startedAt, durationMs: now - startedAt };
  if (outcome.kind !== "answered") return { ...tried, why: outcome.why };
  const { status } = outcome;
  return { ...tried, status, ...(isRedirect(status) ? { why: "redirects are not followed" } : {}) };
}
