// A task has ended: who must be told? Its end leaves the outbox once every sink has taken it.
import type { Cloud } from "../core/cloud.ts";
import { describeEnd, toBody } from "../core/describe-notice.ts";
import type { TaskId } from "../core/ids.ts";
import { type Delivery, deliveryIdOf, type Notice, type Webhook } from "../core/notices.ts";
import { sendMessages } from "./announce.ts";

/** Takes notices for good, or throws. It gets the same ones again when a sink after it has thrown. */
type Sink = (cloud: Cloud, notices: readonly Notice[]) => Promise<void>;

const sinks: readonly Sink[] = [writeDeliveries, publishOutcomes];

/** Longer than all tries of a delivery take. */
const keptMs = 30 * 24 * 60 * 60 * 1000;
const historyRead = 1_000;
const busTries = 3;
const busPauseMs = 200;

export async function spreadNotice(cloud: Cloud, taskId: TaskId): Promise<void> {
  const owed = await cloud.notices.getOwed(taskId);
  if (!owed) return; // A repetition.
  const task = await cloud.table.getTask(taskId);
  if (!task) throw new Error(`${taskId} is in the outbox, and not in the table`);
  const events = owed.escalated ? await cloud.table.listEvents(taskId, 0, historyRead) : [];
  const notices = describeEnd(owed, task, events);
  for (const sink of sinks) await sink(cloud, notices);
  if (task.due?.kind === "pull_request") await sendMessages(cloud, [{ pullRequestOf: taskId }]);
  await cloud.notices.clearOwed(taskId);
}

async function writeDeliveries(cloud: Cloud, notices: readonly Notice[]): Promise<void> {
  const [first] = notices;
  if (!first) return;
  const webhooks = await cloud.notices.listWebhooks(first.workspace);
  for (const notice of notices) {
    const wanted = webhooks.filter(({ events, createdAt }) => events.includes(notice.type) && createdAt <= notice.at);
    const deliveries = wanted.map((webhook) => newDelivery(cloud, webhook, notice));
    for (const delivery of deliveries) await cloud.notices.createDelivery(delivery);
    await sendMessages(
      cloud,
      deliveries.map(({ deliveryId }) => ({ deliveryId })),
    );
  }
}

function newDelivery(cloud: Cloud, { webhookId, workspace }: Webhook, notice: Notice): Delivery {
  const { messageId, type, taskId } = notice;
  const now = cloud.clock.now();
  return {
    deliveryId: deliveryIdOf(webhookId, notice),
    ...{ webhookId, workspace, messageId, type, taskId },
    body: toBody(notice),
    state: "pending",
    createdAt: now,
    attempts: 0,
    maxAttempts: cloud.settings.notices.backoffMs.length + 1,
    nextAt: now,
    tries: [],
    expiresAt: Math.ceil((now + keptMs) / 1000),
  };
}

/** Of a request that the bus took in part, only the rest is sent again. What stays behind is sent with the whole, later. */
async function publishOutcomes({ outcomeBus, clock, ids }: Cloud, notices: readonly Notice[]): Promise<void> {
  if (!outcomeBus) return;
  let refused = await outcomeBus.publish(notices);
  for (let n = 1; n < busTries && refused.length > 0; n += 1) {
    await clock.sleep(busPauseMs * 2 ** n * (0.5 + ids.random() / 2));
    refused = await outcomeBus.publish(refused.map(({ notice }) => notice));
  }
  const [first] = refused;
  if (first) throw new Error(`The outcome bus did not take ${first.notice.messageId}: ${first.why}`);
}
