// What waits though no message will wake the sender of notices? Ends, pull requests and deliveries whose time has come.
import type { Cloud } from "../core/cloud.ts";
import { sendMessages } from "./announce.ts";

const batch = 1_000;
/** Their own message is likely on its way until then; a second one would do no harm. */
const graceMs = 2_000;

export async function resendNotices(cloud: Cloud): Promise<void> {
  const until = cloud.clock.now() - graceMs;
  const owed = (await cloud.notices.listOwed(batch)).filter(({ at }) => at <= until);
  await sendMessages(
    cloud,
    owed.map(({ taskId }) => ({ taskId })),
  );
  const requests = await cloud.table.dueTasks("pull_request", until, batch);
  await sendMessages(
    cloud,
    requests.map((pullRequestOf) => ({ pullRequestOf })),
  );
  const due = await cloud.notices.dueDeliveries(until, batch);
  await sendMessages(
    cloud,
    due.map((deliveryId) => ({ deliveryId })),
  );
}
