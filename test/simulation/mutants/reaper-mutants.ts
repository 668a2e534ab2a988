// What if the reaper left out one of its steps, or believed ECS too soon?
import { edit, mutant } from "./edit.ts";

const reap = "functions/flows/reap.ts";
const without = (step: string) => edit(reap, `\n  ${step},\n`, "\n");

export const reaperMutants = [
  mutant("reaper: waiting tasks are not promoted", without("promoteWaiting")),
  mutant("reaper: leases do not expire", without("expireLeases")),
  mutant("reaper: stops are not confirmed", without("confirmStops")),
  mutant("reaper: what a stop covers and was not killed is left", without("endFenced")),
  mutant("reaper: outcomes are not resolved", without("resolveOutcomes")),
  mutant("reaper: orphans are not swept", without("sweepOrphans")),
  mutant("reaper: wake-ups are not sent again", without("resendWakeUps")),
  mutant("reaper: stops of a scope are not finished", without("finishOperations")),
  mutant("reaper: slots that were left are not released", without("releaseLeftSlots")),
  mutant(
    "reaper: what ECS does not list was never started",
    edit(reap, "const listLagMs = 5 * 60_000;", "const listLagMs = -60_000;"),
  ),
  mutant(
    "reaper: what ECS does not list is gone",
    edit(reap, "(attempt.endedAt ?? now) + 60 * 60_000", "(attempt.endedAt ?? now)"),
  ),
  mutant(
    "reaper: a sandbox that runs counts as stopped",
    edit(reap, "sandboxes.length > 0 && alive.length === 0", "sandboxes.length > 0"),
  ),
];
