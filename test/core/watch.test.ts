import { describe, expect, it } from "vitest";
import { keepWatch } from "../../functions/core/watch.ts";
import { now } from "../support/make-task.ts";

const leaseMs = 90_000;
const look = (before: Parameters<typeof keepWatch>[0], at: number, hearsAgents = true) =>
  keepWatch(before, leaseMs, at, hearsAgents);

describe("leases", () => {
  const usual = { lookedAt: now, leasesHoldUntil: now - 1, wasAway: false };

  it("count while somebody looks at least once in a lease", () => {
    expect(look(usual, now + leaseMs)).toEqual({ ...usual, lookedAt: now + leaseMs });
    const first = look(undefined, now);
    expect(first.leasesHoldUntil).toBeLessThanOrEqual(first.lookedAt);
  });

  it("hold for one lease more when nobody has looked for longer than a lease", () => {
    const back = now + leaseMs + 1;
    expect(look(usual, back)).toEqual({ lookedAt: back, leasesHoldUntil: back + leaseMs, wasAway: true });
  });

  it("hold until then, also for a round that comes after one that died", () => {
    const back = now + 10 * leaseMs;
    const second = look(look(usual, back), back + 60_000);
    expect(second).toEqual({ lookedAt: back + 60_000, leasesHoldUntil: back + leaseMs, wasAway: false });
    expect(look(second, back + 120_000).leasesHoldUntil).toBe(back + leaseMs);
  });

  it("hold again after an outage that follows on the first", () => {
    const back = now + 10 * leaseMs;
    const again = back + 60_000 + 2 * leaseMs;
    expect(look(look(look(usual, back), back + 60_000), again).leasesHoldUntil).toBe(again + leaseMs);
  });

  it("are over in the end with a reaper that always comes late", () => {
    const second = look(look(usual, now + 2 * leaseMs), now + 4 * leaseMs);
    expect(second.leasesHoldUntil).toBeLessThan(second.lookedAt);
    expect(look(second, now + 6 * leaseMs).leasesHoldUntil).toBe(now + 7 * leaseMs);
  });

  it("are not looked at in the past by a reaper whose clock is behind", () => {
    expect(look(usual, now - 5_000)).toEqual(usual);
  });

  it("hold while the API hears nobody, and for one lease more from the first look at which it does", () => {
    const deaf = look(look(usual, now + 60_000, false), now + 120_000, false);
    expect(deaf).toEqual({ lookedAt: now, leasesHoldUntil: now + 120_000 + leaseMs, wasAway: false });
    const back = now + 180_000;
    expect(look(deaf, back)).toEqual({ lookedAt: back, leasesHoldUntil: back + leaseMs, wasAway: true });
    expect(look(undefined, now, false)).toMatchObject({ leasesHoldUntil: now + leaseMs });
  });

  it("count again once a lease has passed in which it was heard at every look", () => {
    const heard = look(look(look(usual, now + 60_000, false), now + 100_000), now + 150_000);
    expect(heard.leasesHoldUntil).toBeLessThan(now + 60_000 + 3 * leaseMs);
    expect(look(heard, heard.leasesHoldUntil).leasesHoldUntil).toBe(heard.leasesHoldUntil);
  });
});
