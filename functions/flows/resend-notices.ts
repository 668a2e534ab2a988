// What waits though no message will wake the sender of notices? Ends, pull requests and deliveries whose time has come.
import type { Cloud } from "../core/cloud.ts";
import type { NoticeMessage } from "../core/notices.ts";
import { sendMessages } from "./announce.ts";
import type { Step } from "./round.ts";

const batch = 1_000;
/** As many as one request of the queue takes. */
const atOnce = 10;
/** Their own message is likely on its way until then; a second one would do no harm. */
const graceMs = 2_000;

export const resendNotices: Step = async (cloud, _, deadline) => {
  const until = cloud.clock.now() - graceMs;
  const owed = (await cloud.notices.listOwed(batch)).filter(({ at }) => at <= until);
  await send(
    cloud,
    deadline,
    owed.map(({ taskId }) => ({ taskId })),
  );
  const requests = await cloud.table.dueTasks("pull_request", until, batch);
  await send(
    cloud,
    deadline,
    requests.map((pullRequestOf) => ({ pullRequestOf })),
  );
  const due = await cloud.notices.dueDeliveries(until, batch);
  await send(
    cloud,
    deadline,
    due.map((deliveryId) => ({ deliveryId })),
  );
};

/** By time: of a queue that takes its own for each request a thousand would take the whole round. */
async function send(cloud: Cloud, deadline: number, messages: readonly NoticeMessage[]): Promise<void> {
  for (let from = 0; from < messages.length && cloud.clock.now() <= deadline; from += atOnce) {
    if (!(await sendMessages(cloud, messages.slice(from, from + atOnce)))) return;
  }
}
