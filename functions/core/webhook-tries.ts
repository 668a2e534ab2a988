// What follows a try to deliver: is it done, tried again, or given up?
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

const isSuccess = (status: number) => status >= 200 && status < 300;
const isRedirect = (status: number) => status >= 300 && status < 400;

function toTry({ outcome, startedAt, now }: TryResult): Try {
  const tried = { at: startedAt, durationMs: now - startedAt };
  if (outcome.kind !== "answered") return { ...tried, why: outcome.why };
  const { status } = outcome;
  return { ...tried, status, ...(isRedirect(status) ? { why: "redirects are not followed" } : {}) };
}
