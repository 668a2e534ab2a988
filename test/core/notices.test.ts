import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../../functions/core/audit.ts";
import { describeOwed, toBody } from "../../functions/core/describe-notice.ts";
import { intakeDelaySeconds, isWorthRetrying, parseIntake, toReason } from "../../functions/core/intake.ts";
import {
  type Delivery,
  deliveryIdOf,
  isDeliveryId,
  type Owed,
  owedBy,
  type PostOutcome,
  parseDeliveryId,
} from "../../functions/core/notices.ts";
import { type TaskStatus, taskStatuses } from "../../functions/core/task.ts";
import { formatWebhookSecret, signWebhook } from "../../functions/core/webhook-signature.ts";
import { afterTry } from "../../functions/core/webhook-tries.ts";
import { judgeAddresses, judgeWebhookUrl } from "../../functions/core/webhook-url.ts";
import { makeTask, now } from "../support/make-task.ts";

const taskId = "tsk_01K0000000000000000000000A";
const owed: Owed = { taskId, workspace: "w", eventId: "evt_9", status: "failed", escalated: false, at: now };

describe("a signature", () => {
  it("is the one of the standard's own example", () => {
    const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    expect(signWebhook(secret, id, 1_614_265_330_999, '{"test": 2432232314}')).toEqual({
      "webhook-id": id,
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    });
  });

  it("is made with a secret of the standard's form", () => {
    expect(formatWebhookSecret(new Uint8Array(32))).toBe(`whsec_${"A".repeat(43)}=`);
  });
});

describe("the outbox", () => {
  const event = { eventId: "evt_9", at: now } as Partial<AuditEvent> as AuditEvent;
  const owedFrom = (before: TaskStatus, after: TaskStatus) =>
    owedBy({ before: makeTask({ status: before }), after: makeTask({ status: after }), event, fenced: false });

  it.each(taskStatuses)("gets the end of a task, and nothing else: %s", (status) => {
    const ends = ["completed", "failed", "killed"].includes(status);
    expect(owedFrom("running", status)).toEqual(
      ends ? { taskId, workspace: "default", eventId: "evt_9", status, escalated: false, at: now } : undefined,
    );
  });

  it("gets nothing of what is learned after the end, but that nobody can say what became of a push", () => {
    expect(owedFrom("killed", "killed")).toBeUndefined();
    const task = makeTask({ status: "killed" });
    const change = { before: task, after: task, event: { ...event, type: "outcome_overdue" }, fenced: false };
    expect(owedBy(change)).toMatchObject({ eventId: "evt_9", status: "killed", escalated: true, overdue: true });
  });
});

describe("a notice", () => {
  it("has an id that is the same whenever it is made, and another for the escalation", () => {
    const task = makeTask({ status: "failed", escalated: true });
    const [ended, escalated] = describeOwed({ ...owed, escalated: true }, task, []);
    expect([ended?.messageId, escalated?.messageId]).toEqual(["evt_9_failed", "evt_9_escalated"]);
    expect(describeOwed(owed, task, [])).toHaveLength(1);
  });

  it("shows nothing of drover's insides", () => {
    const [notice] = describeOwed(owed, makeTask({ status: "failed", permitId: "prm_1" }), []);
    const body = JSON.parse(notice ? toBody(notice) : "");
    expect(Object.keys(body)).toEqual(["type", "timestamp", "data"]);
    expect(Object.keys(body.data).sort()).toEqual(
      ["attempt", "attemptsUsed", "createdAt", "endedAt", "escalated", "maxAttempts", "owner"].concat([
        "priority",
        "status",
        "taskId",
        "title",
        "workspace",
      ]),
    );
  });

  it("of an escalation tells the last fifty failures, oldest first", () => {
    const events = Array.from({ length: 70 }, (_, n) => ({
      type: n % 7 === 0 ? "claimed" : "attempt_failed",
      at: now + n,
      data: { agentId: `agt_${n}`, failure: { class: "infrastructure", message: `${n}` } },
    })) as unknown as AuditEvent[];
    const [, escalated] = describeOwed({ ...owed, escalated: true }, makeTask(), events);
    const history = escalated?.data.history as { agentId: string }[];
    expect(history).toHaveLength(50);
    expect(history.at(-1)?.agentId).toBe("agt_69");
    expect(history.some(({ agentId }) => agentId === "agt_63")).toBe(false);
  });
});

describe("a delivery's id", () => {
  it("says which webhook, event and type, and is read back", () => {
    const id = deliveryIdOf("whk_01AB", { eventId: "evt_02CD", type: "task.escalated" });
    expect(id).toBe("dlv_01AB_02CD_escalated");
    expect(parseDeliveryId(id)).toEqual({ receiver: "whk_01AB", order: "02CD_escalated" });
  });

  it.each([
    "",
    "dlv_1_2",
    "dlv_1_2_started",
    "dlv_a_2_failed",
    "dlv_1_2_failed\n",
    "dlv_1#x_2_failed",
  ])("%j is none", (text) => expect(isDeliveryId(text)).toBe(false));
});

describe("after a try", () => {
  const backoffMs = [100, 1_000, 10_000];
  const delivery = (over: Partial<Delivery>): Delivery => ({
    deliveryId: "dlv_1_2_failed",
    webhookId: "whk_1",
    workspace: "w",
    messageId: "evt_2_failed",
    type: "task.failed",
    taskId,
    body: "{}",
    state: "pending",
    createdAt: now,
    attempts: 1,
    maxAttempts: 4,
    nextAt: 0,
    tries: [],
    expiresAt: 0,
    ...over,
  });
  const tried = (outcome: PostOutcome, over: Partial<Delivery> = {}, random = 1) =>
    afterTry(delivery(over), { outcome, startedAt: now - 5, now, random }, backoffMs);
  const answered = (status: number): PostOutcome => ({ kind: "answered", status });

  it.each([200, 201, 204, 299])("%i is taken for good", (status) => {
    expect(tried(answered(status))).toMatchObject({
      state: "delivered",
      tries: [{ at: now - 5, durationMs: 5, status }],
    });
  });

  it.each([0, 100, 199, 300, 302, 400, 401, 404, 429, 500, 503])("%i is tried again", (status) => {
    expect(tried(answered(status))).toMatchObject({ state: "pending", nextAt: now + 100 });
    expect(tried(answered(status), { attempts: 4 }).state).toBe("failed");
  });

  it("the waits grow, at least half of each is waited, and a redelivery begins with the first", () => {
    const waits = (random: number, base = 0) =>
      [1, 2, 3].map((n) => tried(answered(500), { attempts: base + n, maxAttempts: base + 4 }, random).nextAt - now);
    expect(waits(1)).toEqual([100, 1_000, 10_000]);
    expect(waits(0)).toEqual([50, 500, 5_000]);
    expect(waits(1, 4)).toEqual(waits(1));
  });

  it("what is hopeless is not tried again", () => {
    expect(tried(answered(410)).state).toBe("failed");
    expect(tried({ kind: "refused", why: "no" })).toMatchObject({ state: "failed", tries: [{ why: "no" }] });
    expect(tried({ kind: "unreachable", why: "down" })).toMatchObject({ state: "pending", tries: [{ why: "down" }] });
  });

  it("with other settings than it was made under, a delivery still ends", () => {
    expect(tried(answered(500), { maxAttempts: 40 })).toMatchObject({ state: "pending", nextAt: now + 100 });
  });
});

describe("where a notice may go", () => {
  const judge = (url: string, allowLoopback = false) => judgeWebhookUrl(url, allowLoopback);

  it.each([
    "https://example.com/hook?a=b",
    "https://93.184.216.34/",
    "https://[2606:2800:220:1::1]:8443/",
  ])("%s is fine", (url) => expect(judge(url).kind).toBe("ok"));

  it.each([
    "http://example.com/",
    "http://127.0.0.1/",
    "https://0x7f.1/",
    "https://017700000001/",
    "https://0.0.0.0/",
    "https://100.64.0.1/",
    "https://192.168.1.1/",
    "https://172.31.255.255/",
    "https://169.254.170.2/",
    "https://224.0.0.1/",
    "https://[::]/",
    "https://[fe80::1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://example.com/#here",
    "https://user@example.com/",
    "file:///etc/passwd",
    "",
  ])("%s is not", (url) => expect(judge(url).kind).toBe("bad"));

  it("for a name every one of its addresses must be public", () => {
    const judged = judge("https://example.com/");
    if (judged.kind !== "ok") throw new Error(judged.why);
    expect(judgeAddresses(judged, ["93.184.216.34", "2606:2800:220:1::1"])).toBeUndefined();
    expect(judgeAddresses(judged, ["93.184.216.34", "10.0.0.1"])).toMatch(/not public/);
  });

  it("where loopback is allowed, plain http goes there and nowhere else, and https still goes out only", () => {
    const judged = judge("http://localhost:8080/", true);
    if (judged.kind !== "ok") throw new Error(judged.why);
    expect(judgeAddresses(judged, ["127.0.0.1", "::1"])).toBeUndefined();
    expect(judgeAddresses(judged, ["127.0.0.1", "93.184.216.34"])).toMatch(/loopback only/);
    for (const url of ["http://10.0.0.1/", "http://169.254.169.254/", "https://127.0.0.1/"]) {
      expect(judge(url, true).kind).toBe("bad");
    }
  });
});

describe("the intake", () => {
  const good = { repository: "https://x/y", prompt: "Do", agent: { kind: "command", command: ["true"] } };
  const parse = (message: object) => parseIntake(JSON.stringify(message));

  it("takes a task request with a key", () => {
    expect(parse({ ...good, idempotencyKey: "k" })).toMatchObject({
      kind: "ok",
      request: { ...good, priority: 5, idempotencyKey: "k" },
    });
  });

  it.each([
    ["no key", good, "idempotencyKey"],
    ["an empty key", { ...good, idempotencyKey: "" }, "idempotencyKey"],
    ["a workspace", { ...good, idempotencyKey: "k", workspace: "other" }, "workspace"],
    ["a principal", { ...good, idempotencyKey: "k", principal: "ann" }, "principal"],
    ["a role", { ...good, idempotencyKey: "k", role: "super_admin" }, "role"],
    ["a wrong field", { ...good, idempotencyKey: "k", priority: 11 }, "priority"],
    ["no object", [], "(message)"],
  ])("refuses a message with %s, and names it", (_name, message, field) => {
    expect(parse(message)).toMatchObject({ kind: "bad", reason: expect.stringContaining(field) });
  });

  it("shows nothing of a text that is not JSON", () => {
    expect(parseIntake("{secret")).toEqual({ kind: "bad", reason: "the message is not JSON" });
  });

  it("says why in one printable line", () => {
    expect(toReason("a\u0000\n\u001bb")).toBe("a b");
    expect(toReason("x".repeat(2_000))).toHaveLength(500);
  });

  it.each([
    ["invalid_request", false],
    ["idempotency_key_reused", false],
    ["repository_not_found", false],
    ["credential_not_found", false],
    ["repository_unreachable", true],
    ["queue_full", true],
    ["admission_stopped", true],
    ["busy", true],
  ] as const)("%s: tried again is %s", (code, expected) => expect(isWorthRetrying(code)).toBe(expected));

  it("waits from a second to five minutes", () => {
    expect([1, 2, 5, 20, 500].map((n) => intakeDelaySeconds(n, 1))).toEqual([1, 2, 16, 300, 300]);
    expect([1, 20].map((n) => intakeDelaySeconds(n, 0))).toEqual([1, 150]);
  });
});
