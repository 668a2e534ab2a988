// What does one receiver that never answers cost all the others? A few posts, however many notices it is owed.
import { expect, it } from "vitest";
import type { Delivery, Receivers, Webhook, WebhookId } from "../../functions/core/notices.ts";
import { deliverNotice } from "../../functions/flows/deliver-notice.ts";
import { newDelivery } from "../../functions/flows/new-delivery.ts";
import { redeliver, removeWebhook } from "../../functions/flows/webhooks.ts";
import { MemoryTable } from "../simulation/cloud/memory-table.ts";
import { now } from "../support/make-task.ts";
import { openMemoryCloud, startClock } from "../support/memory-cloud.ts";

const timeoutMs = 10_000;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const pit = "https://pit.example/";

const silent = (): ReturnType<Receivers["post"]> =>
  Promise.resolve({ kind: "unreachable", why: `no answer in ${timeoutMs} ms` });

/** Two webhooks of one workspace; `pit` answers as the test says. */
function open() {
  const clock = startClock(now);
  const memory = new MemoryTable(clock.now);
  const posts: { url: string; at: number }[] = [];
  const state = { answer: "nothing" as "nothing" | "refused" | "ok", meanwhile: async () => undefined as unknown };
  const post: Receivers["post"] = async (url) => {
    posts.push({ url, at: clock.now() });
    if (url !== pit || state.answer === "ok") return { kind: "answered", status: 200 };
    await state.meanwhile();
    if (state.answer === "refused") return { kind: "unreachable", why: "no connection: ECONNREFUSED" };
    clock.pass(timeoutMs);
    return silent();
  };
  const cloud = openMemoryCloud(memory, {
    clock,
    receivers: { judge: async () => undefined, post },
    webhookSecrets: { put: async () => undefined, get: async () => "whsec_AAAA", remove: async () => undefined },
    settings: { notices: { backoffMs: [5_000, minuteMs, hourMs, 23 * hourMs], timeoutMs } },
  });
  const { notices } = memory;
  const add = (webhookId: WebhookId, url: string): Webhook => {
    const webhook: Webhook = { webhookId, workspace: "w", url, events: [], createdBy: "key_1", createdAt: now };
    notices.webhooks.set(webhookId, webhook);
    return webhook;
  };
  add("whk_PIT", pit);
  add("whk_OTHER", "https://other.example/");
  let made = 0;
  const owe = (webhookId: WebhookId): Delivery => {
    made += 1;
    const given = { webhookId, workspace: "w", messageId: `m${made}`, type: "task.failed", taskId: "tsk_1" } as const;
    const delivery = newDelivery(cloud, {
      ...given,
      deliveryId: `dlv_${webhookId.slice(4)}_${made}_failed`,
      body: "{}",
    });
    notices.createDelivery(delivery);
    return delivery;
  };
  /** One sender that does whatever is due, until then. */
  const work = async (until: number) => {
    for (let due = notices.dueDeliveries(until, 1); due[0]; due = notices.dueDeliveries(until, 1)) {
      clock.pass(Math.max(0, (notices.getDelivery(due[0])?.nextAt ?? 0) - clock.now()));
      await deliverNotice(cloud, due[0]);
    }
  };
  const toPit = () => posts.filter(({ url }) => url === pit).length;
  const rest = () => notices.getWebhook("w", "whk_PIT")?.rest;
  return { cloud, clock, notices, posts, state, owe, work, toPit, rest };
}

it("a hundred notices for it keep another's waiting for one timeout, and for less and less of the time after that", async () => {
  const { clock, posts, owe, work, toPit, rest } = open();
  for (let n = 0; n < 100; n += 1) owe("whk_PIT");
  owe("whk_OTHER");
  await work(now + 1_000);
  expect(posts.map(({ url }) => url)).toEqual([pit, "https://other.example/"]);
  expect(clock.now() - now).toBe(timeoutMs);
  expect(rest()).toEqual({ until: now + timeoutMs + minuteMs, ms: minuteMs });
  await work(now + hourMs);
  // After rests of 1, 2, 4, 8 and 15 minutes, and then each quarter of an hour.
  expect(toPit()).toBeLessThanOrEqual(8);
  expect(rest()?.ms).toBe(15 * minuteMs);
});

it("waiting is no try: all of it arrives once the receiver answers", async () => {
  const { notices, state, owe, work, toPit, rest } = open();
  const deliveries = Array.from({ length: 20 }, () => owe("whk_PIT"));
  await work(now + hourMs);
  state.answer = "ok";
  const before = toPit();
  await work(now + 2 * hourMs);
  expect(rest()).toBeUndefined();
  expect(deliveries.map(({ deliveryId }) => notices.getDelivery(deliveryId)?.state)).toEqual(
    Array(20).fill("delivered"),
  );
  expect(toPit() - before).toBe(20);
});

it("when a rest is over one of those who come tries it, and the others wait for what it finds", async () => {
  const { cloud, clock, state, owe, work, toPit, rest } = open();
  const [first, second] = [owe("whk_PIT"), owe("whk_PIT")];
  await work(now + 1_000);
  clock.pass((rest()?.until ?? 0) - clock.now() + minuteMs);
  const before = toPit();
  state.meanwhile = () => deliverNotice(cloud, second.deliveryId);
  expect(await deliverNotice(cloud, first.deliveryId)).toEqual({ kind: "tried", state: "pending" });
  expect(toPit() - before).toBe(1);
});

it("what has waited for as long as all tries take is given up unsent, and says why", async () => {
  const { notices, owe, work } = open();
  const deliveries = Array.from({ length: 60 }, () => owe("whk_PIT"));
  await work(now + 48 * hourMs);
  const ended = deliveries.map(({ deliveryId }) => notices.getDelivery(deliveryId));
  expect(ended.map((one) => one?.state)).toEqual(Array(60).fill("failed"));
  expect(ended.flatMap((one) => one?.tries.at(-1)?.why ?? [])).toContain(
    "not sent: its receiver has not answered others either",
  );
});

it("one that refuses the connection at once holds nobody up, and is asked as ever", async () => {
  const { state, owe, work, toPit, rest } = open();
  state.answer = "refused";
  for (let n = 0; n < 3; n += 1) owe("whk_PIT");
  await work(now + 1_000);
  expect([toPit(), rest()]).toEqual([3, undefined]);
});

it("a redelivery that somebody wants is posted at once, and has all its tries", async () => {
  const { cloud, clock, notices, owe, work, toPit, rest } = open();
  const { deliveryId } = owe("whk_PIT");
  await work(now + 48 * hourMs);
  owe("whk_PIT");
  await work(clock.now() + 1_000);
  expect([notices.getDelivery(deliveryId)?.state, rest() !== undefined]).toEqual(["failed", true]);
  const before = toPit();
  await redeliver(cloud, "whk_PIT", deliveryId);
  await deliverNotice(cloud, deliveryId);
  expect(toPit() - before).toBe(1);
  await work(clock.now() + 2 * minuteMs);
  expect(notices.getDelivery(deliveryId)).toMatchObject({ state: "pending" });
});

it("one that is removed while it does not answer is not brought back by its rest", async () => {
  const { cloud, notices, state, owe } = open();
  const { deliveryId } = owe("whk_PIT");
  state.meanwhile = () => removeWebhook(cloud, "key_1", "w", "whk_PIT");
  await deliverNotice(cloud, deliveryId);
  expect(notices.getWebhook("w", "whk_PIT")).toBeUndefined();
});
