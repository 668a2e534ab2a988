// When does a schedule come next? In the days on which clocks are changed too.
import { Cron } from "croner";
import { DroverError } from "../core/errors.ts";

/**
 * The first time after `from`. What the clocks leap over in spring comes when they have leapt; what they show twice in
 * autumn comes once, unless it comes every hour. Throws `invalid_request`.
 */
export function nextRun({ cron, timezone }: { cron: string; timezone: string }, from: number): number {
  const next = parseNext(cron, timezone, from);
  if (next) return next.getTime();
  throw new DroverError(
    "invalid_request",
    `The schedule "${cron}" never comes in ${timezone}. Check its day and month.`,
  );
}

function parseNext(cron: string, timezone: string, from: number): Date | null {
  try {
    // Where clocks never change, the platform's calendar is not asked: a third of the time.
    const zone = timezone === "UTC" ? { utcOffset: 0 } : { timezone };
    return new Cron(cron, { ...zone, mode: "5-part", paused: true }).nextRun(new Date(from));
  } catch (error) {
    throw new DroverError(
      "invalid_request",
      `The schedule "${cron}" in the time zone ${timezone} cannot be read: ${(error as Error).message.slice(0, 200)} ` +
        "Write minute, hour, day, month and day of the week, as 0 3 * * 1-5, and a zone as Europe/Berlin.",
      { cause: error },
    );
  }
}
