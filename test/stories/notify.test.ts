import { renameSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterEach, describe, expect, it, vi } from "vitest";
import { findBreak } from "../../functions/core/audit.ts";
import type { Cloud } from "../../functions/core/cloud.ts";
import type { TaskEvent } from "../../functions/core/events.ts";
import type { TaskId } from "../../functions/core/ids.ts";
import { agentIdOf } from "../../functions/core/ids.ts";
import type { WebhookId } from "../../functions/core/notices.ts";
import type { Task } from "../../functions/core/task.ts";
import { changeTask } from "../../functions/flows/change-task.ts";
import { recordAct } from "../../functions/flows/record-act.ts";
import { resolveOutcome } from "../../functions/flows/resolve-outcome.ts";
import { spreadNotice } from "../../functions/flows/spread-notice.ts";
import { handler as notify } from "../../functions/notify.ts";
import { checkInvariants } from "../support/invariants.ts";
import { isSigned, type Received, useReceiver } from "../support/receiver.ts";
import { useRemote } from "../support/remote.ts";
import { call, kill, submit, tasksPath, until, untilSettled, untilStatus, useStack } from "../support/stack.ts";

const printed: string[] = [];
for (const level of ["log", "info", "warn", "error"] as const) {
  const original = console[level];
  vi.spyOn(console, level).mockImplementation((...words: unknown[]) => {
    printed.push(words.map((word) => (word instanceof Error ? `${word.stack}` : JSON.stringify(word))).join(" "));
    original(...words);
  });
}

const stack = useStack({
  DROVER_WEBHOOKS_ALLOW_LOOPBACK: "true",
  DROVER_WEBHOOKS_BACKOFF_MS: "200,200,200",
  DROVER_WEBHOOKS_TIMEOUT_MS: "2000",
});
const remote = useRemote();
const receiver = useReceiver();
const webhooks = "/api/orchestrator/workspaces/default/webhooks";
const secrets: string[] = [];

interface Hook {
  webhookId: WebhookId;
  secret: string;
  path: string;
}
let made = 0;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** A webhook with a path of its own, so that tests do not see each other's. */
async function addHook(events?: string[]): Promise<Hook> {
  made += 1;
  const path = `/hook-${made}?key=receivers-own-secret`;
  const { status, body } = await call(stack, "POST", webhooks, { url: `${receiver.url}${path}`, events });
  expect(status).toBe(201);
  secrets.push(body.secret);
  return { webhookId: body.webhookId, secret: body.secret, path };
}
const removeHook = ({ webhookId }: Hook) => call(stack, "DELETE", `${webhooks}/${webhookId}`);
const at = ({ path }: Hook): Received[] => receiver.received.filter((one) => one.path === path);
const untilReceived = (hook: Hook, count: number) =>
  until(`${hook.path} has got ${count}`, async () => at(hook).length >= count && at(hook));
const deliveriesOf = async ({ webhookId }: Hook) =>
  (await call(stack, "GET", `${webhooks}/${webhookId}/deliveries`)).body.deliveries;
const untilDelivery = (hook: Hook, state: string) =>
  until(`the delivery to ${hook.path} is ${state}`, async () =>
    (await deliveriesOf(hook)).find((one: { state: string }) => one.state === state),
  );

/** The quickest end: cancelled while nothing is dispatched. */
async function endOne(): Promise<TaskId> {
  const taskId = await submit(stack, { repository: remote.url, command: ["true"], delayMs: 3_600_000 });
  const { status } = await call(stack, "POST", `${tasksPath}/${taskId}/cancel`, { reason: "the test says so" });
  expect(status).toBe(200);
  return taskId;
}
/** After its permit, so that only the remote can say whether its push has landed. */
const killedWhilePublishing: readonly TaskEvent[] = [
  { type: "claimed", slots: [], leaseMs: hourMs },
  { type: "started", leaseMs: hourMs, limitMs: hourMs },
  { type: "work_done", commit: "c".repeat(40), files: 1, additions: 1, deletions: 0 },
  { type: "permit_granted", permitId: "prm_1", branch: "drover/x" },
  { type: "killed", by: "key_1", reason: "the test says so", cause: "kill" },
  { type: "cleanup", attempt: 1, sandbox: "stopped", slots: "released" },
];
const reap = () => stack.local.reaper.runNow();
const untilOutboxIsEmpty = () =>
  until("nothing is owed", async () => (await stack.cloud.notices.listOwed(10)).length === 0);

afterEach(async () => {
  for (const { webhookId } of await stack.cloud.notices.listWebhooks("default")) {
    await call(stack, "DELETE", `${webhooks}/${webhookId}`);
  }
});

describe("what a receiver gets", () => {
  it("a signed notice of every end, with how it ended", async () => {
    const hook = await addHook();
    const done = await submit(stack, {
      repository: remote.url,
      command: ["sh", "-c", "echo x > x"],
      labels: ["l"],
      prompt: "Work\nsecond line",
    });
    const failed = await submit(stack, { repository: remote.url, command: ["false"] });
    const killed = await submit(stack, { repository: remote.url, command: ["sleep", "1000"] });
    await untilStatus(stack, killed, "running");
    await kill(stack, killed, "enough");
    for (const id of [done, failed, killed]) await untilSettled(stack, id);
    const all = await untilReceived(hook, 3);
    expect(all.every((one) => isSigned(one, hook.secret))).toBe(true);
    expect(all.some((one) => isSigned({ ...one, body: `${one.body} ` }, hook.secret))).toBe(false);
    const bodyOf = (id: TaskId) => all.map(({ body }) => JSON.parse(body)).find(({ data }) => data.taskId === id);
    expect(bodyOf(done)).toMatchObject({
      type: "task.completed",
      timestamp: expect.stringMatching(/Z$/),
      data: { workspace: "default", status: "completed", branch: `drover/${done}`, labels: ["l"], escalated: false },
    });
    expect(bodyOf(failed)).toMatchObject({ type: "task.failed", data: { failure: { class: "agent_error" } } });
    expect(bodyOf(killed)).toMatchObject({ type: "task.killed", data: { killed: { reason: "enough" } } });
    expect(new Set(all.map(({ headers }) => headers["webhook-id"])).size).toBe(3);
    expect(JSON.stringify(all)).not.toMatch(/second line|sleep/);
    await untilOutboxIsEmpty();
    await checkInvariants(stack, [done, failed, killed]);
  });

  it("only the events it has asked for, and none from before it was there", async () => {
    const down = stack.faults.SQS.on({ operation: "SendMessageBatch", do: { kind: "drop_request" } });
    const before = await endOne();
    const wanted = await addHook(["task.killed"]);
    const other = await addHook(["task.completed", "task.escalated"]);
    down.remove();
    await until("the end from before is told", async () => {
      await reap();
      return (await stack.cloud.notices.owedOf(before)).length === 0;
    });
    const taskId = await endOne();
    await untilReceived(wanted, 1);
    await untilOutboxIsEmpty();
    expect(at(wanted).map(({ body }) => JSON.parse(body).data.taskId)).toEqual([taskId]);
    expect(at(other)).toEqual([]);
    expect(await deliveriesOf(other)).toEqual([]);
  });

  it("an escalation, once, when nobody could say for a day what became of a push; and it is asked on, later each time", async () => {
    const hook = await addHook();
    const down = stack.faults.SQS.on({ operation: "SendMessageBatch", do: { kind: "drop_request" } });
    const taskId = await submit(stack, { repository: remote.url, command: ["true"], delayMs: 3_600_000 });
    // Ahead of the stack's own reaper, so that nothing is due for that one.
    let time = stack.cloud.clock.now() + dayMs;
    const cloud: Cloud = { ...stack.cloud, clock: { ...stack.cloud.clock, now: () => time } };
    for (const event of killedWhilePublishing) await changeTask(cloud, taskId, "system:test", () => ({ event }));
    const task = async () => (await cloud.table.getTask(taskId)) as Task;
    const endedAt = time;
    renameSync(remote.bareDir, `${remote.bareDir}.away`);
    const waits: number[] = [];
    const askOnce = async () => {
      const before = await task();
      time = before.due?.at ?? 0;
      await resolveOutcome(cloud, before);
      waits.push(((await task()).due?.at ?? 0) - time);
    };
    while (waits.length < 100 && (await task()).outcomeOverdue === undefined) await askOnce();
    expect(time - endedAt).toBeGreaterThanOrEqual(dayMs);
    expect(time - endedAt).toBeLessThan(dayMs + hourMs);
    for (let n = 0; n < 3; n += 1) await askOnce();
    expect(Math.max(...waits)).toBeLessThanOrEqual(hourMs);
    expect(Math.max(...waits.slice(0, 3))).toBeLessThan(10 * 60_000);
    const { body } = await call(stack, "GET", `${tasksPath}/${taskId}`);
    const why = expect.stringContaining(remote.url);
    expect(body).toMatchObject({ status: "killed", publishOutcome: "unresolved", outcomeOverdue: { why } });
    expect(body.warnings).toEqual([expect.stringMatching(/^For a day nobody could say whether drover\/x was pushed/)]);
    const events = await cloud.table.listEvents(taskId, 0, 100);
    expect(events.filter(({ type }) => type === "outcome_overdue")).toMatchObject([{ data: { owes: "outcome", why } }]);

    // Its end was not told yet either, and neither takes the place of the other.
    down.remove();
    for (let n = 0; n < 2; n += 1) await spreadNotice(stack.cloud, taskId);
    const notices = (await untilReceived(hook, 2)).map((one) => JSON.parse(one.body));
    expect(notices.map(({ type }) => type).sort()).toEqual(["task.escalated", "task.killed"]);
    expect(notices.find(({ type }) => type === "task.escalated")?.data).toMatchObject({
      ...{ taskId, status: "killed", escalated: true, overdue: { owes: "outcome", why } },
      endedAt: new Date(endedAt).toISOString(),
    });
    expect(await deliveriesOf(hook)).toHaveLength(2);

    renameSync(`${remote.bareDir}.away`, remote.bareDir);
    await askOnce();
    const settled = await task();
    expect(settled).toMatchObject({ publishOutcome: "not_pushed" });
    expect([settled.due, settled.outcomeOverdue]).toEqual([undefined, undefined]);
    await checkInvariants(stack, [taskId]);
  });

  it("an escalation with every failure that led to it", async () => {
    const hook = await addHook(["task.escalated"]);
    const taskId = await submit(stack, { repository: remote.url, command: ["sleep", "1000"], maxAttempts: 2 });
    for (const attempt of [1, 2]) {
      await until(`attempt ${attempt} runs`, async () => {
        await reap();
        const task = await stack.cloud.table.getTask(taskId);
        return task?.status === "running" && task.attempt === attempt;
      });
      const agentId = agentIdOf(taskId, attempt);
      const token = stack.cloud.tokenOf(agentId);
      const failure = { class: "infrastructure", message: `loss ${attempt}` };
      const path = `/api/orchestrator/attempts/${agentId}/fail`;
      expect((await call(stack, "POST", path, failure, { "x-drover-token": token })).status).toBe(200);
    }
    const [notice] = await untilReceived(hook, 1);
    expect(JSON.parse(notice?.body ?? "")).toMatchObject({
      type: "task.escalated",
      data: {
        taskId,
        status: "failed",
        escalated: true,
        history: [1, 2].map((n) => ({
          type: "attempt_failed",
          agentId: agentIdOf(taskId, n),
          failure: { class: "infrastructure", message: `loss ${n}` },
        })),
      },
    });
    await untilSettled(stack, taskId);
    await checkInvariants(stack, [taskId]);
  });
});

describe("a receiver that fails", () => {
  it("is asked again, with the same id, body and a signature of its own time", async () => {
    const hook = await addHook();
    receiver.answer(hook.path, { status: 500 }, { status: 503 });
    const asked = stack.faults.SQS.on({
      operation: "SendMessageBatch",
      match: (body) => JSON.stringify(body).includes('"DelaySeconds":1'),
      do: { kind: "delay_until", promise: Promise.resolve() },
    });
    await endOne();
    const all = await untilReceived(hook, 3);
    expect(asked.hits(), "messages that come when the next try is due").toBe(2);
    asked.remove();
    expect(new Set(all.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    expect(new Set(all.map(({ body }) => body)).size).toBe(1);
    expect(all.every((one) => isSigned(one, hook.secret))).toBe(true);
    expect(await untilDelivery(hook, "delivered")).toMatchObject({
      messageId: all[0]?.headers["webhook-id"],
      attempts: 3,
      tries: [{ status: 500 }, { status: 503 }, { status: 200 }],
      payload: all[0]?.body,
      maxAttempts: 4,
    });
  });

  it("is given up after the last try, and asked once more when somebody wants it", async () => {
    const hook = await addHook();
    await receiver.down();
    await endOne();
    const failed = await untilDelivery(hook, "failed");
    expect(failed).toMatchObject({ attempts: 4, tries: Array(4).fill({ why: "no connection: ECONNREFUSED" }) });
    await receiver.up();
    const again = await call(stack, "POST", `${webhooks}/${hook.webhookId}/deliveries/${failed.deliveryId}/redeliver`);
    expect(again).toMatchObject({ status: 202, body: { state: "pending", messageId: failed.messageId } });
    const [received] = await untilReceived(hook, 1);
    expect(received?.headers["webhook-id"]).toBe(failed.messageId);
    expect(await untilDelivery(hook, "delivered")).toMatchObject({ attempts: 5 });
  });

  it("that is gone for good is not asked again", async () => {
    const hook = await addHook();
    receiver.answer(hook.path, { status: 410 });
    await endOne();
    expect(await untilDelivery(hook, "failed")).toMatchObject({ attempts: 1, tries: [{ status: 410 }] });
  });

  it("that never answers is left after the time limit, and rests: its other notices are not posted until then", async () => {
    const silent = vi.fn((socket: Socket) => void socket.resume());
    const server = createServer(silent);
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as { port: number };
    const { body: added } = await call(stack, "POST", webhooks, { url: `http://127.0.0.1:${port}/` });
    secrets.push(added.secret);
    const hook = { webhookId: added.webhookId, secret: added.secret, path: "/" };
    await endOne();
    const [silence] = await until("its silence is known", async () => {
      const [delivery] = await deliveriesOf(hook);
      return delivery?.tries.length > 0 && delivery.tries;
    });
    expect(silence).toMatchObject({ why: "no answer in 2000 ms" });
    const [listed] = (await call(stack, "GET", webhooks)).body.webhooks;
    const restMs = Date.parse(listed.restsUntil) - Date.now();
    expect(restMs).toBeGreaterThan(0);
    expect(restMs).toBeLessThanOrEqual(12_000);
    await endOne();
    // All its tries take less than a second here, so that it is given up when it comes too late to wait.
    await until("the second one waits, or is given up", async () => {
      const deliveries = await deliveriesOf(hook);
      const [{ attempts, state, nextAt }] = deliveries;
      const hasLooked = state === "failed" || Date.parse(nextAt) >= Date.parse(listed.restsUntil);
      return deliveries.length === 2 && attempts === 0 && hasLooked;
    });
    expect(silent).toHaveBeenCalledOnce();
    // Somebody has mended it, and wants it now.
    const [{ deliveryId }] = await deliveriesOf(hook);
    await call(stack, "POST", `${webhooks}/${hook.webhookId}/deliveries/${deliveryId}/redeliver`);
    expect((await call(stack, "GET", webhooks)).body.webhooks[0].restsUntil).toBeUndefined();
    await until("it is posted", async () => silent.mock.calls.length === 2);
    await removeHook(hook);
    for (const [socket] of silent.mock.calls) socket.destroy();
    await new Promise((closed) => server.close(closed));
  });

  it("that answers without end is not listened to", async () => {
    receiver.answer("/big", { status: 200, body: "x".repeat(5_000_000) });
    expect(await stack.cloud.receivers.post(`${receiver.url}/big`, {}, "{}")).toEqual({
      kind: "answered",
      status: 200,
    });
  });
});

describe("where a notice may go", () => {
  it("a redirect is not followed", async () => {
    const hook = await addHook();
    const to = `${receiver.url}/elsewhere`;
    receiver.answer(hook.path, ...Array(4).fill({ status: 302, headers: { location: to } }));
    await endOne();
    const why = "redirects are not followed";
    expect(await untilDelivery(hook, "failed")).toMatchObject({ tries: Array(4).fill({ status: 302, why }) });
    expect(receiver.received.filter(({ path }) => path === "/elsewhere")).toEqual([]);
  });

  it.each([
    ["a name that leads to loopback", "https://localhost/"],
    ["loopback", "https://127.0.0.1/"],
    ["loopback as a number", "https://2130706433/"],
    ["loopback in IPv6", "https://[::1]/"],
    ["IPv4 within IPv6", "https://[::ffff:10.0.0.1]/"],
    ["cloud metadata", "https://169.254.169.254/latest/meta-data"],
    ["metadata over plain http", "http://169.254.169.254/"],
    ["a private address", "https://10.1.2.3/"],
    ["a unique local address", "https://[fd00::1]/"],
    ["a public address over plain http", "http://93.184.216.34/"],
    ["credentials in it", "https://user:word@93.184.216.34/"],
    ["another scheme", "ftp://93.184.216.34/"],
    ["no URL", "hello"],
  ])("%s is refused when it is added", async (_name, url) => {
    const answer = await call(stack, "POST", webhooks, { url });
    expect(answer).toMatchObject({ status: 422, body: { code: "webhook_url_refused" } });
  });

  it("a public address over https is accepted", async () => {
    const { status, body } = await call(stack, "POST", webhooks, {
      url: "https://93.184.216.34/x",
      events: ["task.failed"],
    });
    expect(status).toBe(201);
    expect((await call(stack, "DELETE", `${webhooks}/${body.webhookId}`)).status).toBe(204);
  });

  it("a name is judged anew at every delivery, and nothing is sent when it leads inside by then", async () => {
    const { cloud } = stack;
    const webhookId = cloud.ids.webhook();
    // As if `localhost` had led to a public address when it was added.
    const url = receiver.url.replace("http://127.0.0.1", "https://localhost");
    const createdAt = cloud.clock.now();
    const webhook = {
      webhookId,
      workspace: "default",
      url,
      events: ["task.killed" as const],
      createdBy: "t",
      createdAt,
    };
    await cloud.webhookSecrets.put(webhookId, `whsec_${"A".repeat(43)}=`);
    const act = { type: "webhook_added", data: {}, writes: [{ kind: "webhook" as const, webhook }] };
    await recordAct(cloud, "workspace:default", "test", () => act);
    await endOne();
    const hook = { webhookId, secret: "", path: "" };
    expect(await untilDelivery(hook, "failed")).toMatchObject({
      attempts: 1,
      tries: [{ why: "it leads to an address that is not public" }],
    });
  });
});

describe("nothing is lost", () => {
  it("ends that nobody could be told of are told later: the queue was down, for the reaper too", async () => {
    const hook = await addHook();
    const down = stack.faults.SQS.on({ operation: "SendMessageBatch", do: { kind: "drop_request" } });
    const ids = [await endOne(), await endOne(), await endOne()];
    await reap();
    expect(at(hook)).toEqual([]);
    expect((await stack.cloud.notices.listOwed(10)).map(({ taskId }) => taskId).sort()).toEqual([...ids].sort());
    down.remove();
    await until("the reaper has sent what was lost", async () => {
      await reap();
      return at(hook).length >= 3;
    });
    expect(
      at(hook)
        .map(({ body }) => JSON.parse(body).data.taskId)
        .sort(),
    ).toEqual([...ids].sort());
    await untilOutboxIsEmpty();
  });

  it("a delivery whose message was lost is sent by the reaper", async () => {
    const hook = await addHook();
    const lost = stack.faults.SQS.on({
      operation: "SendMessageBatch",
      match: (body) => JSON.stringify(body).includes("deliveryId"),
      do: { kind: "error", type: "InternalError", message: "lost", status: 500 },
    });
    await endOne();
    await until("the delivery is written, and its message lost", async () => lost.hits() > 0);
    await untilOutboxIsEmpty();
    lost.remove();
    expect(at(hook)).toEqual([]);
    await until("the reaper has sent it", async () => {
      await reap();
      return at(hook).length > 0;
    });
    await untilDelivery(hook, "delivered");
    expect(at(hook)).toHaveLength(1);
  });

  it("a sender that dies before the outbox is cleared makes no second delivery", async () => {
    const hook = await addHook();
    const dies = stack.faults.DYNAMODB.on({
      operation: "DeleteItem",
      match: (body) => JSON.stringify(body).includes("outbox"),
      do: { kind: "error", type: "InternalServerError", message: "it dies here", status: 500 },
    });
    await endOne();
    await untilDelivery(hook, "delivered");
    // The SDK tries three times; then the sender has failed.
    await until("clearing was tried", async () => dies.hits() > 2);
    dies.remove();
    await until("the outbox is cleared after all", async () => {
      await reap();
      return (await stack.cloud.notices.listOwed(10)).length === 0;
    });
    expect(at(hook)).toHaveLength(1);
    expect(await deliveriesOf(hook)).toMatchObject([{ state: "delivered", attempts: 1 }]);
  });

  it("a sender that dies before the delivery is written leaves the end in the outbox", async () => {
    const hook = await addHook();
    const dies = stack.faults.DYNAMODB.on({
      operation: "PutItem",
      match: (body) => JSON.stringify(body).includes("dlv_"),
      do: { kind: "error", type: "InternalServerError", message: "it dies here", status: 500 },
    });
    const taskId = await endOne();
    await until("writing was tried", async () => dies.hits() > 2);
    expect(await stack.cloud.notices.owedOf(taskId)).toMatchObject([{ taskId, status: "killed" }]);
    dies.remove();
    await until("the reaper has it sent after all", async () => {
      await reap();
      return at(hook).length > 0;
    });
    expect(at(hook)).toHaveLength(1);
  });

  it("many senders that take up one delivery at the same moment post it once", async () => {
    const hook = await addHook();
    const down = stack.faults.SQS.on({ operation: "SendMessageBatch", do: { kind: "drop_request" } });
    const taskId = await endOne();
    const once = (body: object) =>
      notify({ Records: [{ messageId: "m", body: JSON.stringify(body) }] } as unknown as Parameters<typeof notify>[0]);
    await once({ taskId });
    const [{ deliveryId }] = await deliveriesOf(hook);
    await Promise.all(Array.from({ length: 8 }, () => once({ deliveryId })));
    down.remove();
    expect(await deliveriesOf(hook)).toMatchObject([{ state: "delivered", attempts: 1 }]);
    expect(at(hook)).toHaveLength(1);
  });

  it("a result that could not be written is sent again under the same id, and messages that come twice are not", async () => {
    const hook = await addHook();
    const taskId = await endOne();
    const delivered = await untilDelivery(hook, "delivered");
    const message = (body: object, n: number) => ({ messageId: `m${n}`, body: JSON.stringify(body) });
    const twice = [{ taskId }, { taskId }, { deliveryId: delivered.deliveryId }, { deliveryId: delivered.deliveryId }];
    const answer = await notify({ Records: twice.map(message) } as unknown as Parameters<typeof notify>[0]);
    expect(answer.batchItemFailures).toEqual([]);
    expect(at(hook)).toHaveLength(1);

    // The try is counted, but what came of it is not known: after its time it is made again.
    const found = await stack.cloud.notices.getDelivery(delivered.deliveryId);
    if (!found) throw new Error("the delivery is gone");
    const begun = { ...found, state: "pending" as const, nextAt: stack.cloud.clock.now() - 60_000 };
    expect(await stack.cloud.notices.replaceDelivery(found, begun)).toBe("replaced");
    expect(await stack.cloud.notices.replaceDelivery(found, begun)).toBe("stale");
    await reap();
    const all = await untilReceived(hook, 2);
    expect(all[1]?.headers["webhook-id"]).toBe(all[0]?.headers["webhook-id"]);
    expect(all[1]?.body).toBe(all[0]?.body);
  });

  it("a message that names nothing is refused", async () => {
    const event = {
      Records: [
        { messageId: "bad", body: "{}" },
        { messageId: "worse", body: "no json" },
      ],
    };
    const answer = await notify(event as unknown as Parameters<typeof notify>[0]);
    expect(answer.batchItemFailures).toEqual([{ itemIdentifier: "bad" }, { itemIdentifier: "worse" }]);
  });
});

describe("webhooks", () => {
  it("are an admin's business, in their own workspace", async () => {
    const key = async (workspace: string, role: string) => {
      const { body } = await call(stack, "POST", `/api/orchestrator/workspaces/${workspace}/keys`, {
        name: role,
        role,
      });
      return { "x-api-key": body.apiKey as string };
    };
    const hook = await addHook();
    const one = `${webhooks}/${hook.webhookId}`;
    for (const headers of [await key("default", "member"), await key("other", "workspace_admin")]) {
      expect((await call(stack, "POST", webhooks, { url: receiver.url }, headers)).status).toBe(403);
      expect((await call(stack, "GET", webhooks, undefined, headers)).status).toBe(403);
      expect((await call(stack, "GET", `${one}/deliveries`, undefined, headers)).status).toBe(403);
      expect((await call(stack, "POST", `${one}/deliveries/x/redeliver`, undefined, headers)).status).toBe(403);
      expect((await call(stack, "DELETE", one, undefined, headers)).status).toBe(403);
    }
    const elsewhere = one.replace("default", "other");
    expect(await call(stack, "GET", `${elsewhere}/deliveries`)).toMatchObject({ body: { code: "webhook_not_found" } });
    expect(await call(stack, "DELETE", elsewhere)).toMatchObject({
      body: { code: "webhook_not_found", detail: expect.stringMatching(/List its webhooks to find its id\.$/) },
    });
    expect(await call(stack, "POST", `${one}/deliveries/dlv_1_2_failed/redeliver`)).toMatchObject({
      status: 404,
      body: { code: "delivery_not_found", detail: expect.stringMatching(/List its deliveries to find its id\.$/) },
    });
    expect(await call(stack, "POST", webhooks, { url: receiver.url, events: ["task.started"] })).toMatchObject({
      status: 400,
    });
    expect((await removeHook(hook)).status).toBe(204);
    expect((await removeHook(hook)).status).toBe(404);
  });

  it("list their deliveries page by page, newest first", async () => {
    const hook = await addHook();
    for (let n = 0; n < 3; n += 1) await endOne();
    await untilReceived(hook, 3);
    const all = (await deliveriesOf(hook)).map(({ deliveryId }: { deliveryId: string }) => deliveryId);
    expect(all).toEqual([...all].sort().reverse());
    const path = `${webhooks}/${hook.webhookId}/deliveries`;
    const first = await call(stack, "GET", `${path}?limit=2`);
    expect(first.body.deliveries).toHaveLength(2);
    const second = await call(stack, "GET", `${path}?limit=2&cursor=${first.body.nextCursor}`);
    expect(second.body).toEqual({ deliveries: [expect.objectContaining({ deliveryId: all[2] })] });
    expect((await call(stack, "GET", `${path}?cursor=x`)).status).toBe(400);
  });

  it("are at most twenty", async () => {
    for (let n = 0; n < 20; n += 1) await addHook(["task.failed"]);
    expect(await call(stack, "POST", webhooks, { url: receiver.url })).toMatchObject({
      status: 422,
      body: { code: "too_many_webhooks" },
    });
  });

  it("that are removed get nothing any more, and leave no secret behind", async () => {
    const hook = await addHook();
    receiver.answer(hook.path, { status: 500 });
    await endOne();
    await untilReceived(hook, 1);
    await removeHook(hook);
    const [delivery] = await until("the delivery is given up", async () => {
      const found = await stack.cloud.notices.listDeliveries(hook.webhookId, undefined, 1);
      return found[0]?.state === "failed" && found;
    });
    expect(delivery?.tries.at(-1)?.why).toBe("the webhook was removed");
    expect(at(hook)).toHaveLength(1);
    expect(await stack.cloud.webhookSecrets.get(hook.webhookId)).toBeUndefined();
  });

  it("never show their secret again: not in the API, the table, a message or the log", async () => {
    const hook = await addHook();
    await endOne();
    await untilReceived(hook, 1);
    const answers = [await call(stack, "GET", webhooks), await deliveriesOf(hook)];
    const { Items } = await new DynamoDBClient().send(new ScanCommand({ TableName: process.env.DROVER_TABLE }));
    const everywhere = JSON.stringify([answers, Items, printed, receiver.received]);
    expect(everywhere).toContain(hook.webhookId);
    expect(secrets.length).toBeGreaterThan(30);
    for (const secret of secrets) expect(everywhere).not.toContain(secret.replace("whsec_", ""));
    expect(printed.join("\n")).not.toContain("receivers-own-secret");
    const acts = await stack.cloud.table.listActs("workspace:default", 0, 1_000);
    expect(findBreak(acts)).toBeUndefined();
    expect(acts.map(({ type }) => type)).toEqual(expect.arrayContaining(["webhook_added", "webhook_removed"]));
    expect(JSON.stringify(acts)).not.toContain("receivers-own-secret");
  });
});
