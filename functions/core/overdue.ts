// Nobody can say what became of a push: when is it asked again, and when are people told?
import type { Task } from "./task.ts";

/** `tell_people`: once, and it is asked on. */
export interface AfterSilence {
  kind: "ask_again" | "tell_people";
  at: number;
}

const shortestMs = 30_000;
const longestMs = 60 * 60_000;
const patienceMs = 24 * 60 * 60_000;

/** It waits as long again as it is owed already: the event that made it owed is the task's last. `random` in [0, 1). */
export function afterSilence({ updatedAt, outcomeOverdue }: Task, now: number, random: number): AfterSilence {
  const owedMs = now - updatedAt;
  const waitMs = outcomeOverdue ? longestMs : Math.min(longestMs, Math.max(shortestMs, owedMs));
  const isOverdue = !outcomeOverdue && owedMs >= patienceMs;
  // Half of it is random, so that what failed together does not come back together.
  return { kind: isOverdue ? "tell_people" : "ask_again", at: now + Math.round(waitMs * (0.5 + random / 2)) };
}
