// Could beats arrive all the time? Leases count only while somebody was there to look.

/** What the reaper leaves for its next round. Times are epoch milliseconds. */
export interface Watch {
  lookedAt: number;
  /** Until then no lease counts as expired. */
  leasesHoldUntil: number;
  /** Nobody had looked for longer than a lease. */
  wasAway: boolean;
}

/**
 * When the last look is longer ago than a lease, the control plane was down for all that is known: every attempt gets
 * one fresh lease to be heard again. Kept, so that a round that dies after it is no second look.
 *
 *   last look ──(nobody there: beats go nowhere)── first look ──(a lease)── from here on silence counts again
 */
export function keepWatch(before: Watch | undefined, leaseMs: number, now: number): Watch {
  if (!before) return { lookedAt: now, leasesHoldUntil: now, wasAway: false };
  // Not twice in a row: with a reaper that always comes later than a lease, nothing would ever expire.
  const wasAway = now - before.lookedAt > leaseMs && !before.wasAway;
  const leasesHoldUntil = wasAway ? now + leaseMs : before.leasesHoldUntil;
  // The clocks of two reapers differ.
  return { lookedAt: Math.max(now, before.lookedAt), leasesHoldUntil, wasAway };
}
