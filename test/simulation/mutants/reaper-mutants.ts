// What if the reaper left out one of its steps, or believed ECS too soon?
import { edit, mutant } from "./edit.ts";

const reap = "functions/flows/reap.ts";
const sweep = "functions/flows/sweep-orphans.ts";
const fire = "functions/flows/fire-schedules.ts";
const cleanUp = "functions/flows/clean-up.ts";
const cleanup = "functions/core/cleanup.ts";
const without = (step: string) => edit(reap, `\n  ${step},\n`, "\n");

export const reaperMutants = [
  mutant("reaper: waiting tasks are not promoted", without("promoteWaiting")),
  mutant("reaper: what is held back is not promoted", without("promoteHeld")),
  mutant(
    "reaper: waiting tasks are promoted one workspace after another",
    edit("functions/flows/promote-waiting.ts", "last ? behindNeighbours(last.position)", "last ? last.position"),
  ),
  mutant(
    "reaper: what waits is promoted before its time",
    edit("functions/flows/promote-waiting.ts", "page.filter(({ at }) => at <= now)", "page.filter(({ at }) => at > 0)"),
    edit("functions/flows/promote-waiting.ts", "task.due.at > cloud.clock.now()", "task.due.at < 0"),
  ),
  mutant("reaper: leases do not expire", without("expireLeases")),
  mutant(
    "reaper: it does not ask whether agents can be heard",
    edit(reap, "(await cloud.ownApi?.hearsAgents()) ?? true", "cloud !== undefined"),
  ),
  mutant("reaper: what ended is not cleaned up", without("cleanUpEnded")),
  mutant("reaper: outcomes are not resolved", without("resolveOutcomes")),
  mutant("reaper: branches that are still to be taken back are not", without("takeBranchesBack")),
  mutant(
    "reaper: a launch whose backend is silent is left as it is",
    edit(reap, "if (!isAsked) await leaveLaunch(cloud, attempt);", "void isAsked;"),
  ),
  mutant("reaper: orphans are not swept", without("sweepOrphans")),
  mutant(
    "sweep: a sandbox that nobody owns is left alone",
    edit(sweep, "if (!(await isOrphan(cloud, agentId))) return;", "if (agentId) return;"),
  ),
  mutant(
    "sweep: an attempt whose sandbox has stopped is taken for alive",
    edit(sweep, "if (state?.stopped) await confirmStop(", "if (state?.stopped && !agentId) await confirmStop("),
  ),
  mutant("reaper: wake-ups are not sent again", without("resendWakeUps")),
  mutant("reaper: notices are not sent again", without("resendNotices")),
  mutant("reaper: schedules are not fired", without("fireSchedules")),
  mutant(
    "schedule: its times have no key",
    edit(fire, "request: task, idempotencyKey, idempotencyLifeMs", "request: task, idempotencyLifeMs"),
  ),
  mutant("reaper: stops of a scope are not finished", without("finishOperations")),
  mutant("reaper: slots that were left are not released", without("releaseLeftSlots")),
  mutant(
    "cleanup: what ECS does not list at one look was never started",
    edit(cleanup, "const listLagMs = 5 * 60_000;", "const listLagMs = 0;"),
    edit(cleanup, "const underWayMs = 60_000;", "const underWayMs = -60_000;"),
  ),
  mutant(
    "cleanup: what ECS may have forgotten was never started",
    edit(cleanup, "isKnown || mayBeForgotten ?", "isKnown ?"),
  ),
  mutant(
    "cleanup: what ECS does not list is gone",
    edit(cleanup, "const forgottenMs = 60 * 60_000;", "const forgottenMs = 0;"),
  ),
  mutant(
    "cleanup: a sandbox that runs counts as stopped",
    edit(cleanUp, 'if (alive.length > 0) return { seen: "alive" };', ""),
  ),
];
