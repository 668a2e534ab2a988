// Does a receiver that never answers keep a sender for each of its notices? It rests, and then one at a time tries it.
import type { Cloud } from "../core/cloud.ts";
import type { PostOutcome, Webhook } from "../core/notices.ts";
import { nextRest } from "../core/webhook-tries.ts";

export type Turn = { kind: "taken"; webhook: Webhook } | { kind: "resting"; until: number };

/**
 * A post without an answer holds one of the few senders for its whole time, and everybody else's notices wait behind it.
 *
 *   A     posts ── no answer in time ── writes the rest
 *   B, C              come while it lasts: put off without a post
 *   B     comes behind its end ── takes the turn ── posts ── answered: the rest is gone
 *   C     comes behind its end ── finds the turn taken: put off
 */
export async function takeTurn({ notices, clock }: Cloud, webhook: Webhook, turnMs: number): Promise<Turn> {
  const { rest } = webhook;
  if (!rest) return { kind: "taken", webhook };
  const now = clock.now();
  if (rest.until > now) return { kind: "resting", until: rest.until };
  const turn = { ...rest, until: now + turnMs };
  if ((await notices.restWebhook(webhook, turn)) === "stale") return { kind: "resting", until: turn.until };
  return { kind: "taken", webhook: { ...webhook, rest: turn } };
}

/** Behind a post. Who refuses at once, or answers late but in time, holds nobody up for longer than that. */
export async function judgeSilence(
  cloud: Cloud,
  webhook: Webhook,
  outcome: PostOutcome,
  tookMs: number,
): Promise<void> {
  const { timeoutMs } = cloud.settings.notices;
  const isSilent = outcome.kind === "unreachable" && tookMs >= timeoutMs;
  if (!isSilent && !webhook.rest) return;
  // Whoever was faster has found out the same, or has removed it.
  await cloud.notices.restWebhook(webhook, isSilent ? nextRest(webhook.rest, cloud.clock.now(), timeoutMs) : undefined);
}
