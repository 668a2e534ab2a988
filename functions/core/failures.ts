// What follows when an attempt fails: another try, or the end?
import { assertNever } from "./errors.ts";
import type { Failure, FailureClass, Task } from "./task.ts";

export type AfterFailure =
  | { kind: "retry"; notBefore: number; usesAttempt: boolean }
  | { kind: "fail"; why: string; escalate: boolean };

/** Milliseconds before the next try, by how many attempts were used; the last holds for all that follow. */
const backoffMs = { infrastructure: [1_000, 10_000, 60_000], agent: [5_000, 30_000, 120_000] } as const;

/** A provider that is out of quota is asked again after this long, unless it said when. */
const quotaPauseMs = 5 * 60_000;

/**
 * Decides by the class of the failure. What broke around the agent is tried again; what the agent or its work came to
 * is tried again where another try may come to something else; what was asked for and cannot be is not.
 */
export function decideAfterFailure(task: Task, failure: Failure, now: number): AfterFailure {
  const failureClass: FailureClass = failure.class;
  switch (failureClass) {
    case "infrastructure":
      return retryWhileAttemptsRemain(task, now, backoffMs.infrastructure);
    case "gate_rejection":
      // The agent was told and has tried again in place, as often as its task allows: people must look.
      return { kind: "fail", why: "its work was rejected too often", escalate: true };
    case "provider_quota":
      return { kind: "retry", notBefore: failure.retryAt ?? now + quotaPauseMs, usesAttempt: false };
    case "agent_error":
      if (failure.repeatable) return retryWhileAttemptsRemain(task, now, backoffMs.agent);
      return { kind: "fail", why: "trying again would end the same way", escalate: false };
    case "timeout":
    case "budget":
    case "poison":
      return { kind: "fail", why: "trying again would end the same way", escalate: false };
    default:
      return assertNever(failureClass);
  }
}

function retryWhileAttemptsRemain(task: Task, now: number, usualMs: readonly number[]): AfterFailure {
  if (task.attemptsUsed >= task.maxAttempts) {
    return { kind: "fail", why: `attempt ${task.attemptsUsed} of ${task.maxAttempts} was the last`, escalate: true };
  }
  const delaysMs = task.retryBackoffMs ?? usualMs;
  const delayMs = delaysMs[Math.min(task.attemptsUsed, delaysMs.length) - 1] ?? 0;
  return { kind: "retry", notBefore: now + delayMs, usesAttempt: true };
}
