// May this caller make one more request in this minute?
import type { Cloud } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import type { Caller, RequestKind } from "../core/table.ts";

/** A kill is never limited below this. */
const minKillsPerMinute = 60;

/** Counts the request. Throws `rate_limited`, with the seconds until the next minute. */
export async function limitRate(
  cloud: Cloud,
  caller: Caller,
  kind: RequestKind,
  perMinute = cloud.settings.requestsPerMinute,
): Promise<void> {
  const limit = kind === "kill" ? Math.max(perMinute, minKillsPerMinute) : perMinute;
  const now = cloud.clock.now();
  const minute = Math.floor(now / 60_000);
  if (await cloud.table.countRequest(caller, kind, minute, limit)) return;
  const retryAfterSeconds = Math.ceil(((minute + 1) * 60_000 - now) / 1000);
  throw new DroverError(
    "rate_limited",
    `${caller} has made ${limit} requests in this minute. Send it again in ${retryAfterSeconds} s.`,
    { details: { retryAfterSeconds } },
  );
}
