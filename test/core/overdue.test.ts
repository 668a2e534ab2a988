import { expect, it } from "vitest";
import { afterSilence } from "../../functions/core/overdue.ts";
import { makeTask, now } from "../support/make-task.ts";

const secondMs = 1_000;
const hourMs = 3_600 * secondMs;
const owedSince = (ms: number, over = {}) => makeTask({ status: "killed", updatedAt: now - ms, ...over });

it.each([
  ["half a minute at first", 0, 30 * secondMs],
  ["as long again as it is owed", 300 * secondMs, 300 * secondMs],
  ["an hour at most", 5 * hourMs, hourMs],
])("it is asked again after %s, half of it by chance", (_name, owedMs, waitMs) => {
  const task = owedSince(owedMs);
  expect(afterSilence(task, now, 1)).toEqual({ kind: "ask_again", at: now + waitMs });
  expect(afterSilence(task, now, 0)).toEqual({ kind: "ask_again", at: now + waitMs / 2 });
});

it("people are told after a day, and once: then it is asked every hour, though the telling was the task's last event", () => {
  const day = 24 * hourMs;
  expect(afterSilence(owedSince(day - 1), now, 1).kind).toBe("ask_again");
  expect(afterSilence(owedSince(day), now, 1)).toEqual({ kind: "tell_people", at: now + hourMs });
  const told = { outcomeOverdue: { why: "no answer" } };
  for (const ms of [0, day, 9 * day])
    expect(afterSilence(owedSince(ms, told), now, 1)).toEqual({ kind: "ask_again", at: now + hourMs });
});

it("one that never answers is asked fewer than seventy times in its first day, however chance will have it", () => {
  let asked = 0;
  for (let at = 0; at < 24 * hourMs; asked += 1) at = afterSilence(owedSince(at), now, 0).at - now + at;
  expect(asked).toBeLessThan(70);
});
