// One delivery: begin a try, post it to its webhook or on its issue, write down what came of it, and say when to try again.
import type { Cloud } from "../core/cloud.ts";
import type { Delivery, DeliveryId, PostOutcome, Webhook } from "../core/notices.ts";
import { signWebhook } from "../core/webhook-signature.ts";
import { afterTry, isOutOfTime } from "../core/webhook-tries.ts";
import { sendMessages } from "./announce.ts";
import { composeComment, postComment, whenToComment } from "./comment-on-issue.ts";
import { judgeSilence, takeTurn } from "./rest-receiver.ts";

/** Clocks differ, and SQS counts whole seconds. */
const earlyMs = 1_000;
/** After a try's own time: whoever began it has died, and the reaper lets another begin. */
const lostAfterMs = 30_000;
/** What waited for one receiver does not come back at one moment. */
const restSpreadMs = 30_000;

export type Delivered = { kind: "tried"; state: Delivery["state"] } | { kind: "skipped"; reason: string };

/**
 *   A reads attempts 1 ── begins: writes attempts 2 ── posts ── writes the result
 *   B         reads attempts 1 ── begins: refused, somebody else is at it
 *
 * A try is counted when it begins, so one that kills its function is not repeated for ever. Whoever dies after the post
 * leaves a delivery that is posted again: at least once, under the same id.
 */
export async function deliverNotice(cloud: Cloud, deliveryId: DeliveryId): Promise<Delivered> {
  const found = await cloud.notices.getDelivery(deliveryId);
  const startedAt = cloud.clock.now();
  if (found?.state !== "pending") return skipped("it is not pending");
  if (found.nextAt > startedAt + earlyMs) return skipped("its time has not come");
  if (found.attempts >= found.maxAttempts) return giveUp(cloud, found, "its last try was begun and never ended");

  const turnMs = cloud.settings.notices.timeoutMs + lostAfterMs;
  const { workspace, webhookId } = found;
  const isComment = webhookId === undefined;
  const laterAt = isComment ? await whenToComment(cloud, found.taskId) : undefined;
  if (laterAt !== undefined) return putOff(cloud, found, laterAt, "the pull request of its task comes first");
  const webhook = webhookId && (await cloud.notices.getWebhook(workspace, webhookId));
  const turn = webhook ? await takeTurn(cloud, webhook, turnMs) : undefined;
  if (turn?.kind === "resting") return waitForRest(cloud, found, turn.until);

  const claimedUntil = startedAt + turnMs;
  const body = isComment && found.body === "" ? await composeComment(cloud, found.taskId) : found.body;
  const claimed: Delivery = { ...found, body, attempts: found.attempts + 1, nextAt: claimedUntil };
  if ((await cloud.notices.replaceDelivery(found, claimed)) === "stale") return skipped("another is at it");
  const trying = isComment ? postComment(cloud, claimed) : post(cloud, claimed, turn?.webhook);
  const outcome = await trying.catch((error: unknown) => explain(claimed, error));

  const now = cloud.clock.now();
  const tried = { outcome, startedAt, now, random: cloud.ids.random() };
  const next = afterTry(claimed, tried, cloud.settings.notices.backoffMs);
  if ((await cloud.notices.replaceDelivery(claimed, next)) === "stale") return skipped("it was begun again meanwhile");
  if (next.state === "pending") await sendMessages(cloud, [{ deliveryId }], next.nextAt - now);
  if (next.state === "failed") console.warn(`${deliveryId} is given up after ${next.attempts} tries`);
  return { kind: "tried", state: next.state };
}

const skipped = (reason: string): Delivered => ({ kind: "skipped", reason });

async function putOff(cloud: Cloud, found: Delivery, nextAt: number, why: string): Promise<Delivered> {
  if ((await cloud.notices.replaceDelivery(found, { ...found, nextAt })) === "replaced") {
    await sendMessages(cloud, [{ deliveryId: found.deliveryId }], nextAt - cloud.clock.now());
  }
  return skipped(why);
}

/** It is no try. But a receiver that rests for longer than all tries take is not waited for. */
async function waitForRest(cloud: Cloud, found: Delivery, until: number): Promise<Delivered> {
  const now = cloud.clock.now();
  if (!isOutOfTime(found, now, cloud.settings.notices.backoffMs)) {
    return putOff(cloud, found, until + Math.ceil(cloud.ids.random() * restSpreadMs), "its receiver rests");
  }
  return giveUp(cloud, found, "not sent: its receiver has not answered others either");
}

async function giveUp(cloud: Cloud, found: Delivery, why: string): Promise<Delivered> {
  const last = { at: cloud.clock.now(), durationMs: 0, why };
  await cloud.notices.replaceDelivery(found, { ...found, state: "failed", tries: [...found.tries, last] });
  console.warn(`${found.deliveryId} is given up: ${why}`);
  return { kind: "tried", state: "failed" };
}

/**
 * The try is counted: without an outcome it would be begun again in a moment, and all of them be over in minutes. What the
 * error says is for operators only.
 */
function explain({ deliveryId }: Delivery, error: unknown): PostOutcome {
  console.error(`${deliveryId} could not be tried`, error);
  const name = error instanceof Error ? error.name : "an unknown error";
  return { kind: "unreachable", why: `drover could not try it: ${name}, which its log tells more of` };
}

async function post(cloud: Cloud, { messageId, body }: Delivery, webhook: Webhook | undefined): Promise<PostOutcome> {
  if (!webhook) return { kind: "refused", why: "the webhook was removed" };
  const secret = await cloud.webhookSecrets.get(webhook.webhookId);
  if (!secret) return { kind: "unreachable", why: "the webhook has no secret" };
  const headers = {
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
    "user-agent": "drover",
    ...signWebhook(secret, messageId, cloud.clock.now(), body),
  };
  const postedAt = cloud.clock.now();
  const outcome = await cloud.receivers.post(webhook.url, headers, body);
  await judgeSilence(cloud, webhook, outcome, cloud.clock.now() - postedAt).catch((error: unknown) => {
    // What was posted is posted: the next one that is not answered finds the same out.
    console.error(`Whether ${webhook.webhookId} rests could not be written`, error);
  });
  return outcome;
}
