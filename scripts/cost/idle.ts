// What does a stage cost in a month in which nobody asks it for anything?
import type { Counts } from "./counter.ts";
import { type Bill, priceCounts } from "./price-counts.ts";
import { minutesPerMonth, monthly, prices } from "./prices.ts";
import type { Standing } from "./standing.ts";

/** Five pollers at least wait on each queue, 20 s at a time. */
const pollsPerMinute = 15;
/** Of a young stage: its items, their backups, the audit digests, the code of the functions. */
const storedGb = 0.05;

/** `round`: what the reaper asks for when it finds nothing to do. Alarms and dashboards are apart. */
export function priceIdle(round: Counts, standing: Standing): Bill {
  const { queueMappings, roundsPerMonth, logBytesPerCall, always } = standing;
  const ofRound = Object.entries(priceCounts(round, logBytesPerCall)).filter(([, dollars]) => dollars > 0);
  return {
    ...Object.fromEntries(ofRound.map(([what, dollars]) => [`reaper: ${what}`, dollars * roundsPerMonth])),
    "reaper: schedule": roundsPerMonth * prices.schedulerInvocation,
    "queues: empty receives": queueMappings * pollsPerMinute * minutesPerMonth * prices.sqsRequest,
    storage: storedGb * (monthly.tableGb + monthly.tableBackupGb + monthly.bucketGb),
    ...always,
  };
}
