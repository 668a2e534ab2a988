// What does a stage cost in a month in which nobody asks it for anything?
import type { Counts } from "./counter.ts";
import { type Bill, type FunctionSettings, priceCounts } from "./price-counts.ts";
import { minutesPerMonth, monthly, prices } from "./prices.ts";

/** What of a stage costs something by being there. */
export interface Standing {
  /** Queues that call a function: Lambda asks each of them all the time. */
  queueMappings: number;
  roundsPerMinute: number;
}

/** Five pollers at least wait on each queue, 20 s at a time. */
const pollsPerMinute = 15;
/** Of a young stage: its items, their backups, the audit digests, the code of the functions. */
const storedGb = 0.05;

export function priceIdle(
  round: Counts,
  { queueMappings, roundsPerMinute }: Standing,
  settings: FunctionSettings,
): Bill {
  const rounds = minutesPerMonth * roundsPerMinute;
  const perRound = Object.entries(priceCounts(round, settings)).filter(([, dollars]) => dollars > 0);
  return {
    ...Object.fromEntries(perRound.map(([what, dollars]) => [`reaper: ${what}`, dollars * rounds])),
    "reaper: schedule": rounds * prices.schedulerInvocation,
    "queues: empty receives": queueMappings * pollsPerMinute * minutesPerMonth * prices.sqsRequest,
    storage: storedGb * (monthly.tableGb + monthly.tableBackupGb + monthly.bucketGb),
  };
}
