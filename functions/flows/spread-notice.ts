// A task has ended, or people must look at it: who is told? It leaves the outbox once every sink has taken it.
import type { Cloud } from "../core/cloud.ts";
import { describeOwed, toBody } from "../core/describe-notice.ts";
import type { TaskId } from "../core/ids.ts";
import { deliveryIdOf, type Notice, type Owed } from "../core/notices.ts";
import { sendMessages } from "./announce.ts";
import { oweComment } from "./comment-on-issue.ts";
import { newDelivery } from "./new-delivery.ts";

const historyRead = 1_000;
const busTries = 3;
const busPauseMs = 200;

/** Of a repetition nothing is owed any more. What has thrown is done again from the start, which changes nothing of what was done. */
export async function spreadNotice(cloud: Cloud, taskId: TaskId): Promise<void> {
  for (const owed of await cloud.notices.owedOf(taskId)) await spread(cloud, owed);
}

async function spread(cloud: Cloud, owed: Owed): Promise<void> {
  const { taskId } = owed;
  const task = await cloud.table.getTask(taskId);
  if (!task) throw new Error(`${taskId} is in the outbox, and not in the table`);
  const events = owed.escalated ? await cloud.table.listEvents(taskId, 0, historyRead) : [];
  const notices = describeOwed(owed, task, events);
  await writeDeliveries(cloud, notices);
  if (task.issue && !owed.overdue) await oweComment(cloud, task, owed);
  if (task.due?.kind === "pull_request") await sendMessages(cloud, [{ pullRequestOf: taskId }]);
  // Last: a bus that is silent, or refuses, keeps nobody else waiting.
  await publishOutcomes(cloud, notices);
  await cloud.notices.clearOwed(owed);
}

async function writeDeliveries(cloud: Cloud, notices: readonly Notice[]): Promise<void> {
  const [first] = notices;
  if (!first) return;
  const webhooks = await cloud.notices.listWebhooks(first.workspace);
  for (const notice of notices) {
    const wanted = webhooks.filter(({ events, createdAt }) => events.includes(notice.type) && createdAt <= notice.at);
    const { messageId, type, taskId } = notice;
    const deliveries = wanted.map(({ webhookId, workspace }) => {
      const deliveryId = deliveryIdOf(webhookId, notice);
      return newDelivery(cloud, { deliveryId, webhookId, workspace, messageId, type, taskId, body: toBody(notice) });
    });
    for (const delivery of deliveries) await cloud.notices.createDelivery(delivery);
    await sendMessages(
      cloud,
      deliveries.map(({ deliveryId }) => ({ deliveryId })),
    );
  }
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
