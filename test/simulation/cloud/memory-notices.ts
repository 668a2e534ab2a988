// What is kept in memory of notices: the outbox that a commit fills, webhooks, and deliveries?
import type { Rest } from "../../../functions/core/backends.ts";
import type { TaskId } from "../../../functions/core/ids.ts";
import {
  type Delivery,
  type DeliveryId,
  type Notices,
  type Owed,
  type OwedKey,
  parseDeliveryId,
  type Webhook,
  type WebhookId,
} from "../../../functions/core/notices.ts";
import type { Sync } from "./sync.ts";

export class MemoryNotices implements Sync<Notices> {
  /** By event. */
  readonly owed = new Map<string, Owed>();
  readonly webhooks = new Map<WebhookId, Webhook>();
  readonly deliveries = new Map<DeliveryId, Delivery>();
  /** How old the index is that the next index read sees. */
  lagMs = 0;

  /** Somebody is still to be told of something. */
  isOwed(): boolean {
    for (const { state } of this.deliveries.values()) if (state === "pending") return true;
    return this.owed.size > 0;
  }

  owedOf(taskId: TaskId): Owed[] {
    return [...this.owed.values()].filter((owed) => owed.taskId === taskId);
  }

  listOwed(limit: number): Owed[] {
    return [...this.owed.values()].slice(0, limit);
  }

  clearOwed({ eventId }: OwedKey): void {
    this.owed.delete(eventId);
  }

  getWebhook(workspace: string, webhookId: WebhookId): Webhook | undefined {
    const webhook = this.webhooks.get(webhookId);
    return webhook?.workspace === workspace ? webhook : undefined;
  }

  listWebhooks(workspace: string): Webhook[] {
    return [...this.webhooks.values()].filter((webhook) => webhook.workspace === workspace);
  }

  restWebhook({ webhookId, rest: read }: Webhook, rest: Rest | undefined): "written" | "stale" {
    const webhook = this.webhooks.get(webhookId);
    if (!webhook || webhook.rest?.until !== read?.until) return "stale";
    const { rest: _, ...open } = webhook;
    this.webhooks.set(webhookId, rest ? { ...open, rest } : open);
    return "written";
  }

  createDelivery(delivery: Delivery): void {
    if (!this.deliveries.has(delivery.deliveryId)) this.deliveries.set(delivery.deliveryId, delivery);
  }

  getDelivery(deliveryId: DeliveryId): Delivery | undefined {
    return this.deliveries.get(deliveryId);
  }

  listDeliveries(receiver: WebhookId | TaskId, before: DeliveryId | undefined, limit: number): Delivery[] {
    const mine = [...this.deliveries.values()].filter(
      ({ deliveryId }) => parseDeliveryId(deliveryId)?.receiver === receiver,
    );
    const older = before ? mine.filter(({ deliveryId }) => deliveryId < before) : mine;
    return older.sort((a, b) => (a.deliveryId < b.deliveryId ? 1 : -1)).slice(0, limit);
  }

  replaceDelivery(before: Delivery, after: Delivery): "replaced" | "stale" {
    const now = this.deliveries.get(before.deliveryId);
    if (now?.state !== before.state || now.attempts !== before.attempts) return "stale";
    this.deliveries.set(after.deliveryId, after);
    return "replaced";
  }

  dueDeliveries(now: number, limit: number): DeliveryId[] {
    const seenUntil = now - this.lagMs;
    const due: Delivery[] = [];
    for (const one of this.deliveries.values()) if (one.state === "pending" && one.nextAt <= seenUntil) due.push(one);
    if (due.length > 1) due.sort((a, b) => a.nextAt - b.nextAt);
    return due.slice(0, limit).map(({ deliveryId }) => deliveryId);
  }
}
