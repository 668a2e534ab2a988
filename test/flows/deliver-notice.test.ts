// What becomes of a delivery when drover itself cannot do its part of a try? It is a try as any other, with its reason.
import { expect, it, vi } from "vitest";
import type { Delivery, PostOutcome, Webhook } from "../../functions/core/notices.ts";
import { deliverNotice } from "../../functions/flows/deliver-notice.ts";
import { newDelivery } from "../../functions/flows/new-delivery.ts";
import { makeCreation } from "../contract/support.ts";
import { MemoryTable } from "../simulation/cloud/memory-table.ts";
import { makeTask, now } from "../support/make-task.ts";
import { openMemoryCloud, startClock } from "../support/memory-cloud.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const backoffMs = [5_000, minuteMs, 5 * minuteMs, 30 * minuteMs, 2 * hourMs, 6 * hourMs, 12 * hourMs];
const timeoutMs = 10_000;
const { taskId } = makeTask();
const webhookId = "whk_A";
const repository = "https://forge.example/a/b";

const silence = () =>
  Object.assign(new Error("the parameter store of account 1 said nothing"), { name: "TimeoutError" });

/** One webhook, and a parameter store that is `out` as long as the test says. */
function open() {
  const clock = startClock(now);
  const memory = new MemoryTable(clock.now);
  const state = { isOut: false, isRestLost: false, answer: { kind: "answered", status: 200 } as PostOutcome, posts: 0 };
  const read = <T>(value: T) => {
    if (!state.isOut) return Promise.resolve(value);
    clock.pass(timeoutMs);
    return Promise.reject(silence());
  };
  const nobody = () => Promise.resolve(undefined);
  const open = openMemoryCloud(memory, {
    clock,
    receivers: {
      judge: nobody,
      async post() {
        state.posts += 1;
        if (state.answer.kind === "unreachable") clock.pass(timeoutMs);
        return state.answer;
      },
    },
    webhookSecrets: { put: nobody, get: () => read("whsec_AAAA"), remove: nobody },
    credentials: {
      put: nobody,
      get: () => read({ username: "x", token: "t" }),
      remove: nobody,
      list: () => Promise.resolve([]),
    },
    settings: { notices: { backoffMs, timeoutMs } },
  });
  const restWebhook: typeof open.notices.restWebhook = async (...given) => {
    if (state.isRestLost) throw silence();
    return open.notices.restWebhook(...given);
  };
  const cloud = { ...open, notices: { ...open.notices, restWebhook } };
  const webhook: Webhook = {
    ...{ webhookId, workspace: "default", url: "https://hooks.example/", events: [], createdBy: "key_1" },
    createdAt: now,
  };
  memory.notices.webhooks.set(webhookId, webhook);
  const owe = (over: Partial<Delivery> = {}) => {
    const given = { workspace: "default", messageId: "m1", type: "task.failed", taskId, body: "{}" } as const;
    const delivery = { ...newDelivery(cloud, { ...given, webhookId, deliveryId: "dlv_A_1_failed" }), ...over };
    memory.notices.createDelivery(delivery);
    return delivery.deliveryId;
  };
  /** Everything that is due until then, at its time. */
  const work = async (until: number) => {
    for (let due = memory.notices.dueDeliveries(until, 1); due[0]; due = memory.notices.dueDeliveries(until, 1)) {
      clock.pass(Math.max(0, (memory.notices.getDelivery(due[0])?.nextAt ?? 0) - clock.now()));
      await deliverNotice(cloud, due[0]);
    }
  };
  return { cloud, clock, memory, state, owe, work, look: () => memory.notices.getDelivery("dlv_A_1_failed") };
}

const why = "drover could not try it: TimeoutError, which its log tells more of";

it("a parameter store that is silent for an hour costs tries with their reason and waits, and the notice arrives behind it", async () => {
  const logged = vi.spyOn(console, "error").mockReturnValue();
  const { memory, state, owe, work, look } = open();
  state.isOut = true;
  owe();
  await work(now + hourMs);
  expect(look()).toMatchObject({ state: "pending", attempts: 5, tries: Array(5).fill({ why }) });
  // The receiver was not asked, so it is not the one that is silent.
  expect([state.posts, memory.notices.getWebhook("default", webhookId)?.rest]).toEqual([0, undefined]);
  expect(logged).toHaveBeenCalledWith("dlv_A_1_failed could not be tried", expect.any(Error));
  state.isOut = false;
  await work(now + 24 * hourMs);
  expect([look()?.state, state.posts]).toEqual(["delivered", 1]);
});

it("the comment on an issue waits in the same way for a credential that cannot be read", async () => {
  const { cloud, memory, state, owe } = open();
  const creation = makeCreation({ issue: { number: 7 } });
  const { taskId } = creation.task;
  memory.createTask({ ...creation, spec: { ...creation.spec, repository, credential: "forge" } });
  state.isOut = true;
  const deliveryId = owe({ deliveryId: "dlv_B_1_comment", taskId, webhookId: undefined });
  await deliverNotice(cloud, deliveryId);
  expect(memory.notices.getDelivery(deliveryId)).toMatchObject({ state: "pending", attempts: 1, tries: [{ why }] });
});

it("what was posted is not posted again because its receiver's rest could not be written", async () => {
  const { cloud, state, owe, look } = open();
  state.isRestLost = true;
  state.answer = { kind: "unreachable", why: "no answer" };
  await deliverNotice(cloud, owe());
  expect(look()).toMatchObject({ state: "pending", attempts: 1, tries: [{ why: "no answer" }] });
});

it("one whose last try was begun and never ended is given up, and says that", async () => {
  const { cloud, owe, look } = open();
  await deliverNotice(cloud, owe({ attempts: 8, maxAttempts: 8 }));
  expect(look()).toMatchObject({
    state: "failed",
    tries: [{ why: "its last try was begun and never ended" }],
  });
});
