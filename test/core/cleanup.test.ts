import { describe, expect, it } from "vitest";
import { judgeLook } from "../../functions/core/cleanup.ts";
import type { Attempt } from "../../functions/core/task.ts";
import { now } from "../support/make-task.ts";

const minute = 60_000;
const launchedBy = now + minute;
const make = (over: Partial<Attempt> = {}): Attempt => ({
  agentId: "agt_01K0000000000000000000000A_1",
  taskId: "tsk_01K0000000000000000000000A",
  attempt: 1,
  state: "killed",
  backend: "default",
  slots: [],
  claimedAt: now,
  leaseExpiresAt: now,
  ...over,
});
const known = make({ sandboxArn: "arn:aws:ecs:eu-central-1:000000000000:task/drover/1" });
const judge = (attempt: Attempt, seen: Parameters<typeof judgeLook>[1], at: number) =>
  judgeLook(attempt, seen, launchedBy, at);

describe("a look at the sandbox of an ended attempt", () => {
  it.each([make(), known])("that finds it stopped is the end of it", (attempt) => {
    expect(judge(attempt, "stopped", now)).toEqual({ kind: "ended", sandbox: "stopped" });
  });

  it("that finds it alive forgets that it was ever missing", () => {
    expect(judge({ ...known, unseenAt: now }, "alive", now + minute)).toEqual({
      kind: "look_again",
      at: now + minute + 10_000,
    });
  });

  it("that ECS did not answer proves nothing, and forgets nothing", () => {
    const attempt = make({ unseenAt: now + 3 * minute });
    expect(judge(attempt, "unknown", now + 60 * minute)).toMatchObject({
      kind: "look_again",
      unseenAt: attempt.unseenAt,
    });
  });
});

describe("an attempt without a known sandbox", () => {
  const first = launchedBy + minute;

  it("does not count as unseen while a launch may still be under way", () => {
    expect(judge(make(), "nothing", first - 1)).toEqual({ kind: "look_again", at: first });
  });

  it("is looked at twice, five minutes apart", () => {
    expect(judge(make(), "nothing", first)).toEqual({ kind: "look_again", at: first + 5 * minute, unseenAt: first });
    const unseen = make({ unseenAt: first });
    expect(judge(unseen, "nothing", first + 5 * minute - 1)).toMatchObject({ kind: "look_again", unseenAt: first });
    expect(judge(unseen, "nothing", first + 5 * minute)).toEqual({ kind: "ended", sandbox: "never_started" });
  });

  it("is gone, not never started, when the first look came after ECS may have forgotten it", () => {
    const late = now + 60 * minute;
    const ended = (unseenAt: number) => judge(make({ unseenAt }), "nothing", unseenAt + 5 * minute);
    expect(ended(late)).toEqual({ kind: "ended", sandbox: "gone" });
    expect(ended(late - 1)).toEqual({ kind: "ended", sandbox: "never_started" });
  });

  it("never counts a first look that comes late as both", () => {
    const late = first + 60 * minute;
    expect(judge(make(), "nothing", late)).toEqual({ kind: "look_again", at: late + 5 * minute, unseenAt: late });
  });
});

describe("an attempt whose sandbox is known", () => {
  it("is gone once ECS has not listed it for an hour, and looked for all that time", () => {
    expect(judge(known, "nothing", now)).toEqual({ kind: "look_again", at: now + 10_000, unseenAt: now });
    const unseen = { ...known, unseenAt: now };
    expect(judge(unseen, "nothing", now + 60 * minute - 1)).toMatchObject({ kind: "look_again", unseenAt: now });
    expect(judge(unseen, "nothing", now + 60 * minute)).toEqual({ kind: "ended", sandbox: "gone" });
  });
});
