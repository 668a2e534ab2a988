// What does a look at ECS tell about the sandbox of an attempt that has ended?
import type { Attempt, SandboxFate } from "./task.ts";

/** What ECS lists of it; `unknown` when it would not say of this one, or not stop it. */
export type Seen = "alive" | "stopped" | "nothing" | "unknown";

export type AfterLook = { kind: "ended"; sandbox: SandboxFate } | { kind: "look_again"; at: number; unseenAt?: number };

const lookAgainMs = 10_000;
/** ECS may not list a task for some minutes after RunTask: missing is unknown until then. */
const listLagMs = 5 * 60_000;
/** A launch that began in time may be under way for so long. */
const underWayMs = 60_000;
/** ECS shows a stopped task for an hour or more. */
const forgottenMs = 60 * 60_000;

/**
 *   claim ── launch deadline ── under way ── first look: nothing ──(5 min)── second look: nothing → never started
 *
 * One that is known by its ARN is gone once it was missing for over an hour. `launchedBy` is the launch deadline.
 */
export function judgeLook(attempt: Attempt, seen: Seen, launchedBy: number, now: number): AfterLook {
  const soon = now + lookAgainMs;
  if (seen === "stopped") return { kind: "ended", sandbox: "stopped" };
  if (seen === "alive") return { kind: "look_again", at: soon };
  if (seen === "unknown") return { kind: "look_again", at: soon, unseenAt: attempt.unseenAt };
  const isKnown = attempt.sandboxArn !== undefined;
  if (!isKnown && now < launchedBy + underWayMs) return { kind: "look_again", at: launchedBy + underWayMs };
  const unseenAt = attempt.unseenAt ?? now;
  const goneAt = unseenAt + (isKnown ? forgottenMs : listLagMs);
  // Whoever looks for the first time after so long cannot know any more whether there was one.
  const mayBeForgotten = unseenAt - attempt.claimedAt >= forgottenMs;
  if (now >= goneAt) return { kind: "ended", sandbox: isKnown || mayBeForgotten ? "gone" : "never_started" };
  // It may turn up alive, and must be stopped then; one that was never recorded is found by the sweep for orphans.
  return { kind: "look_again", at: isKnown ? soon : goneAt, unseenAt };
}
