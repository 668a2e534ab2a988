import { describe, expect, it } from "vitest";
import { DroverError } from "../../functions/core/errors.ts";
import { scheduleRequest } from "../../functions/core/schedules.ts";
import { nextRun } from "../../functions/flows/next-run.ts";

function runs(cron: string, timezone: string, from: string, count: number): string[] {
  const found: string[] = [];
  let at = Date.parse(from);
  for (let n = 0; n < count; n += 1) {
    at = nextRun({ cron, timezone }, at);
    found.push(new Date(at).toISOString().replace(":00.000Z", "Z"));
  }
  return found;
}

describe("the next time of a schedule", () => {
  it.each([
    [
      "every day, over the change to summer time",
      "0 9 * * *",
      "Europe/Berlin",
      "2026-03-28T00:00:00Z",
      ["2026-03-28T08:00Z", "2026-03-29T07:00Z", "2026-03-30T07:00Z"],
    ],
    [
      "at a time that the clocks leap over, when they have leapt",
      "30 2 * * *",
      "Europe/Berlin",
      "2026-03-28T12:00:00Z",
      ["2026-03-29T01:00Z", "2026-03-30T00:30Z"],
    ],
    [
      "at a time that the clocks show twice, once",
      "30 2 * * *",
      "Europe/Berlin",
      "2026-10-24T12:00:00Z",
      ["2026-10-25T00:30Z", "2026-10-26T01:30Z"],
    ],
    [
      "every hour, in the hour that comes twice too",
      "0 * * * *",
      "Europe/Berlin",
      "2026-10-24T23:30:00Z",
      ["2026-10-25T00:00Z", "2026-10-25T01:00Z", "2026-10-25T02:00Z"],
    ],
    [
      "every hour, over the hour that does not come",
      "0 * * * *",
      "Europe/Berlin",
      "2026-03-29T00:30:00Z",
      ["2026-03-29T01:00Z", "2026-03-29T02:00Z"],
    ],
    [
      "once on the other side of the ocean too",
      "30 1 * * *",
      "America/New_York",
      "2026-10-31T12:00:00Z",
      ["2026-11-01T05:30Z", "2026-11-02T06:30Z"],
    ],
    [
      "where clocks are changed by half an hour",
      "15 2 * * *",
      "Australia/Lord_Howe",
      "2026-10-03T12:00:00Z",
      ["2026-10-03T15:30Z", "2026-10-04T15:15Z"],
    ],
    ["on working days", "0 9 * * 1-5", "UTC", "2026-11-27T10:00:00Z", ["2026-11-30T09:00Z"]],
    ["on the 29th of February", "0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", ["2028-02-29T00:00Z"]],
    ["by a word", "@daily", "UTC", "2026-11-26T10:00:00Z", ["2026-11-27T00:00Z"]],
  ])("is %s", (_what, cron, timezone, from, expected) => {
    expect(runs(cron, timezone, from, expected.length)).toEqual(expected);
  });

  it("lies after the given moment, also when that is one of its times", () => {
    expect(runs("0 9 * * *", "UTC", "2026-11-26T09:00:00Z", 1)).toEqual(["2026-11-27T09:00Z"]);
  });

  it.each([
    ["a day that never comes", "0 0 30 2 *", "UTC", /never comes/],
    ["a minute that does not exist", "61 * * * *", "UTC", /Invalid value for minute/],
    ["words", "on a sunny day please", "UTC", /cannot be read/],
    ["an unknown zone", "0 0 * * *", "Mars/Base", /Mars.Base.*Europe.Berlin/],
  ])("is refused for %s, with what is wrong", (_what, cron, timezone, words) => {
    let thrown: unknown;
    try {
      nextRun({ cron, timezone }, 0);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(DroverError);
    expect(thrown).toMatchObject({ code: "invalid_request", message: expect.stringMatching(words) });
  });
});

it.each([
  "* * * * * *",
  "2026-12-01T00:00:00",
  "",
  "@reboot",
  "0 0 * *",
])("a schedule has five fields or a word that stands for them, and not %j", (cron) => {
  const task = { repository: "/r", prompt: "p", agent: { kind: "command", command: ["true"] } };
  const named = (text: string) => scheduleRequest.safeParse({ name: "n", cron: text, task }).success;
  expect(named(cron)).toBe(false);
  expect(named("0 0 * * *")).toBe(true);
});
