// What follows when an attempt fails: another try, or the end?
import { assertNever } from "./errors.ts";
import type { Failure, Task } from "./task.ts";

export type AfterFailure = { kind: "retry"; notBefore: number } | { kind: "fail"; why: string };

const retryDelaysMs = [1_000, 10_000, 60_000];

/** Decides by the class of the failure: what broke around the agent is tried again, what the agent did is not. */
export function decideAfterFailure(task: Task, failure: Failure, now: number): AfterFailure {
  switch (failure.class) {
    case "infrastructure":
      if (task.attemptsUsed >= task.maxAttempts)
        return { kind: "fail", why: `attempt ${task.attemptsUsed} was the last` };
      return { kind: "retry", notBefore: now + (retryDelaysMs[task.attemptsUsed - 1] ?? 60_000) };
    // The same command on the same commit would fail again, and would use its whole time limit again.
    case "agent_error":
    case "timeout":
    case "poison":
      return { kind: "fail", why: "trying again would end the same way" };
    default:
      return assertNever(failure.class);
  }
}
