// Could beats arrive all the time? Leases count only while somebody was there to look, and agents could be heard.

/** What the reaper leaves for its next round. Times are epoch milliseconds. */
export interface Watch {
  /** The last time that somebody looked, and agents could be heard. */
  lookedAt: number;
  /** Until then no lease counts as expired. */
  leasesHoldUntil: number;
  /** That had not been so for longer than a lease. */
  wasAway: boolean;
}

/**
 * When the last look is longer ago than a lease, the control plane was down for all that is known: every attempt gets
 * one fresh lease to be heard again. Kept, so that a round that dies after it is no second look.
 *
 *   last look ──(nobody there: beats go nowhere)── first look ──(a lease)── from here on silence counts again
 *
 * An API that hears nobody is the same as nobody there. One that is away for less than the time between two looks is not
 * noticed, and does no harm: a lease is longer than that, and beats are asked again.
 */
export function keepWatch(before: Watch | undefined, leaseMs: number, now: number, hearsAgents: boolean): Watch {
  if (!hearsAgents) return { lookedAt: before?.lookedAt ?? now, leasesHoldUntil: now + leaseMs, wasAway: false };
  if (!before) return { lookedAt: now, leasesHoldUntil: now, wasAway: false };
  // Not twice in a row: with a reaper that always comes later than a lease, nothing would ever expire.
  const wasAway = now - before.lookedAt > leaseMs && !before.wasAway;
  const leasesHoldUntil = wasAway ? now + leaseMs : before.leasesHoldUntil;
  // The clocks of two reapers differ.
  return { lookedAt: Math.max(now, before.lookedAt), leasesHoldUntil, wasAway };
}
