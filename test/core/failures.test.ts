import { expect, it } from "vitest";
import { decideAfterFailure } from "../../functions/core/failures.ts";
import { makeTask } from "../support/make-task.ts";

const now = 1_800_000_000_000;
const lost = { class: "infrastructure", message: "its sandbox is gone" } as const;
const waits = (over: Parameters<typeof makeTask>[0], failure: Parameters<typeof decideAfterFailure>[1] = lost) =>
  [1, 2, 3, 4].map((attemptsUsed) => {
    const after = decideAfterFailure(makeTask({ maxAttempts: 10, attemptsUsed, ...over }), failure, now);
    return after.kind === "retry" ? after.notBefore - now : after.why;
  });

it("waits longer before each further attempt, by the class of the failure", () => {
  expect(waits({})).toEqual([1_000, 10_000, 60_000, 60_000]);
  expect(waits({}, { class: "agent_error", message: "exit code 1", repeatable: true })).toEqual([
    ...[5_000, 30_000, 120_000, 120_000],
  ]);
});

it("waits as the task itself says, if it does; the last wait holds for all that follow", () => {
  expect(waits({ retryBackoffMs: [0, 7_000] })).toEqual([0, 7_000, 7_000, 7_000]);
});

it("leaves a provider that is out of quota its own time, whatever the task says", () => {
  const failure = { class: "provider_quota", message: "out of credit", retryAt: now + 90_000 } as const;
  expect(waits({ retryBackoffMs: [1] }, failure)).toEqual([90_000, 90_000, 90_000, 90_000]);
});

it("does not wait for what would end the same way, nor after the last attempt", () => {
  expect(waits({}, { class: "poison", message: "no such branch" })[0]).toContain("the same way");
  expect(waits({ maxAttempts: 2, retryBackoffMs: [1] })).toEqual([
    1,
    ...Array(3).fill(expect.stringContaining("last")),
  ]);
});
