// Did anything run before its time? Its user has said when it may begin, and what ended an attempt when the next one may.
import type { Row } from "../cloud/memory-table.ts";
import type { Stage } from "../stage.ts";

/** The clocks of who is asked, of who makes ready and of who claims. */
const clocks = 3;

export function checkTimes({ world, wantedFrom }: Stage, { task, events }: Row): void {
  const { taskId } = task;
  let from = wantedFrom.get(taskId) ?? 0;
  for (const { type, at, data } of events) {
    // A provider may have quota again before the time that it named.
    const isQuota = (data.failure as { class?: string } | undefined)?.class === "provider_quota";
    if (type === "put_back" || type === "attempt_failed") from = isQuota ? 0 : Number(data.notBefore ?? 0);
    if (type === "claimed" && from - at > clocks * world.swarm.skewMs)
      world.fail("claimed_too_early", `${taskId} was claimed ${from - at} ms before its time`);
  }
}
