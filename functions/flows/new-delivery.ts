// What is a delivery before its first try?
import type { Cloud } from "../core/cloud.ts";
import type { Delivery } from "../core/notices.ts";

/** Longer than all tries of a delivery take. */
const keptMs = 30 * 24 * 60 * 60 * 1000;

type Given = "deliveryId" | "webhookId" | "workspace" | "messageId" | "type" | "taskId" | "body";

export function newDelivery(cloud: Cloud, given: Pick<Delivery, Given>): Delivery {
  const now = cloud.clock.now();
  return {
    ...given,
    state: "pending",
    createdAt: now,
    attempts: 0,
    maxAttempts: cloud.settings.notices.backoffMs.length + 1,
    nextAt: now,
    tries: [],
    expiresAt: Math.ceil((now + keptMs) / 1000),
  };
}
