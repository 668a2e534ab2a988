// How do webhooks come and go, and how is a delivery sent again?
import type { Cloud } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import type { TaskId } from "../core/ids.ts";
import { type Delivery, type NoticeType, parseDeliveryId, type Webhook, type WebhookId } from "../core/notices.ts";
import { sendMessages } from "./announce.ts";
import { recordAct } from "./record-act.ts";

/** Every end of a task is written and sent once for each. */
const maxWebhooks = 20;

export interface NewWebhook {
  workspace: string;
  url: string;
  events: NoticeType[];
  secret: string;
}

/** The secret is stored first: a webhook in the table always has one. Throws `webhook_url_refused`, `too_many_webhooks`. */
export async function addWebhook(cloud: Cloud, by: string, asked: NewWebhook): Promise<Webhook> {
  const { workspace, url, events, secret } = asked;
  const why = await cloud.receivers.judge(url);
  if (why) throw new DroverError("webhook_url_refused", `Notices cannot be sent to that URL: ${why}.`);
  const webhookId = cloud.ids.webhook();
  const webhook: Webhook = { webhookId, workspace, url, events, createdBy: by, createdAt: cloud.clock.now() };
  await cloud.webhookSecrets.put(webhookId, secret);
  await recordAct(cloud, `workspace:${workspace}`, by, async () => {
    const known = await cloud.notices.listWebhooks(workspace);
    if (known.length >= maxWebhooks) {
      throw new DroverError(
        "too_many_webhooks",
        `Workspace ${workspace} has ${known.length} webhooks, which is all it may have. Remove one first.`,
      );
    }
    // The host only: the rest of a URL may be a secret of its receiver.
    const data = { webhookId, host: new URL(url).host, events };
    return { type: "webhook_added", data, writes: [{ kind: "webhook", webhook }] };
  });
  return webhook;
}

/** The secret goes first, so that a failure in between can be repeated. Deliveries under way then fail. */
export async function removeWebhook(cloud: Cloud, by: string, workspace: string, id: string): Promise<void> {
  const { webhookId, url } = await findWebhook(cloud, workspace, id);
  await cloud.webhookSecrets.remove(webhookId);
  await recordAct(cloud, `workspace:${workspace}`, by, async () => {
    if (!(await cloud.notices.getWebhook(workspace, webhookId))) return undefined;
    return {
      type: "webhook_removed",
      data: { webhookId, host: new URL(url).host },
      writes: [{ kind: "webhook_removed", workspace, webhookId }],
    };
  });
}

/** Throws `webhook_not_found`. */
export async function findWebhook(cloud: Cloud, workspace: string, id: string): Promise<Webhook> {
  const webhook = await cloud.notices.getWebhook(workspace, id as WebhookId);
  if (webhook) return webhook;
  throw new DroverError(
    "webhook_not_found",
    `Workspace ${workspace} has no webhook ${id}. List its webhooks to find its id.`,
  );
}

/** At once, also where its receiver rests, and from the start of its tries, under the same `webhook-id`. Throws `delivery_not_found` or `busy`. */
export async function redeliver(cloud: Cloud, receiver: WebhookId | TaskId, id: string): Promise<Delivery> {
  const deliveryId = parseDeliveryId(id)?.receiver === receiver ? (id as Delivery["deliveryId"]) : undefined;
  const found = deliveryId && (await cloud.notices.getDelivery(deliveryId));
  if (!found)
    throw new DroverError(
      "delivery_not_found",
      `${receiver} has no delivery ${id}. List its deliveries to find its id.`,
    );
  const again: Delivery = {
    ...found,
    state: "pending",
    maxAttempts: found.attempts + cloud.settings.notices.backoffMs.length + 1,
    nextAt: cloud.clock.now(),
    againAt: cloud.clock.now(),
  };
  if ((await cloud.notices.replaceDelivery(found, again)) === "stale") {
    throw new DroverError("busy", `${found.deliveryId} is being sent at this moment. Look again, then repeat.`);
  }
  const webhook = found.webhookId && (await cloud.notices.getWebhook(found.workspace, found.webhookId));
  if (webhook?.rest) await cloud.notices.restWebhook(webhook, undefined);
  await sendMessages(cloud, [{ deliveryId: found.deliveryId }]);
  return again;
}
