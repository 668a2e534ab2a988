import { expect, it } from "vitest";
import { decidePause, type ProviderPause } from "../../functions/core/provider-pause.ts";

const now = 1_800_000_000_000;
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const ended = (agoMs: number, lengthMs: number, saidBy: ProviderPause["saidBy"] = "tsk_1"): ProviderPause => ({
  ...{ until: now - agoMs, lengthMs, saidBy },
});
const minutes = (last: ProviderPause | undefined, retryAfterMs: number, saidBy: ProviderPause["saidBy"] = "tsk_2") => {
  const pause = decidePause(last, { saidBy, retryAt: now + retryAfterMs, now });
  return pause && (pause.until - now) / minuteMs;
};

it.each([
  ["the first word holds for five minutes, however far off the time is that it names", undefined, dayMs, 5],
  ["or for less, when that is what it says", undefined, 2 * minuteMs, 2],
  ["another task that is refused when the pause is over doubles it", ended(minuteMs, 20 * minuteMs), dayMs, 40],
  ["but not beyond what it says", ended(minuteMs, 20 * minuteMs), 30 * minuteMs, 30],
  ["and never beyond a day", ended(minuteMs, 0.75 * dayMs), 9 * dayMs, 24 * 60],
  ["long after the last pause it is a first word again", ended(21 * minuteMs, 20 * minuteMs), dayMs, 5],
  ["while a pause lasts nothing more is taken from words", ended(-minuteMs, 5 * minuteMs), dayMs, undefined],
  ["a time that has come is no pause", undefined, 0, undefined],
])("%s", (_rule, last, retryAfterMs, expected) => expect(minutes(last, retryAfterMs)).toBe(expected));

it("a task whose word was the last one taken holds up nobody but itself, however often it says so", () => {
  for (const agoMs of [1, 6 * minuteMs, 30 * dayMs]) {
    expect(minutes(ended(agoMs, 5 * minuteMs, "tsk_2"), dayMs)).toBeUndefined();
  }
});
