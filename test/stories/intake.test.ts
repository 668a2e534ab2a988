import { createHash } from "node:crypto";
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { describe, expect, it } from "vitest";
import { findBreak } from "../../functions/core/audit.ts";
import type { TaskId } from "../../functions/core/ids.ts";
import { takeIn } from "../../functions/flows/take-in.ts";
import { handler as intake } from "../../functions/intake.ts";
import { hold } from "../support/fault-proxy.ts";
import { checkInvariants } from "../support/invariants.ts";
import { useRemote } from "../support/remote.ts";
import { call, tasksPath, until, untilSettled, useStack } from "../support/stack.ts";

const stack = useStack({ DROVER_INTAKE_WORKSPACE: "robots", DROVER_INTAKE_PRINCIPAL: "nightly" });
const remote = useRemote();
const chain = "workspace:robots";

const requestFor = (idempotencyKey: string, over: object = {}) => ({
  repository: remote.url,
  prompt: "Do the work",
  agent: { kind: "command", command: ["true"] },
  idempotencyKey,
  ...over,
});
const sqs = () => new SQSClient();
const queueUrl = () => process.env.DROVER_INTAKE_QUEUE_URL;
const deadUrl = () => process.env.DROVER_INTAKE_DEAD_QUEUE_URL;

async function send(body: unknown): Promise<string> {
  const MessageBody = typeof body === "string" ? body : JSON.stringify(body);
  const { MessageId } = await sqs().send(new SendMessageCommand({ QueueUrl: queueUrl(), MessageBody }));
  return MessageId ?? "";
}

const tasks = async () => (await stack.cloud.table.listTasks("robots", { limit: 100 })).tasks;
const untilTaskTitled = (title: string) =>
  until(`there is a task ${title}`, async () => (await tasks()).find((task) => task.title === title));
const refusals = async () =>
  (await stack.cloud.table.listActs(chain, 0, 1_000)).filter(({ type }) => type === "intake_refused");

/** Nothing visible, delayed or in flight any more. */
const untilDrained = () =>
  until("the intake queue is empty", async () => {
    const name = "ApproximateNumberOfMessages";
    const { Attributes = {} } = await sqs().send(
      new GetQueueAttributesCommand({ QueueUrl: queueUrl(), AttributeNames: ["All"] }),
    );
    return [Attributes[name], Attributes[`${name}NotVisible`], Attributes[`${name}Delayed`]].every((n) => n === "0");
  });

async function takeDead(messageId: string): Promise<Message> {
  return until(`${messageId} is in the dead-letter queue`, async () => {
    const { Messages = [] } = await sqs().send(
      new ReceiveMessageCommand({
        QueueUrl: deadUrl(),
        MaxNumberOfMessages: 10,
        VisibilityTimeout: 0,
        MessageAttributeNames: ["All"],
      }),
    );
    const found = Messages.find(({ MessageAttributes }) => MessageAttributes?.messageId?.StringValue === messageId);
    if (found) await sqs().send(new DeleteMessageCommand({ QueueUrl: deadUrl(), ReceiptHandle: found.ReceiptHandle }));
    return found;
  });
}

async function expectRefused(body: unknown, reason: string | RegExp): Promise<void> {
  const before = (await tasks()).length;
  const messageId = await send(body);
  const dead = await takeDead(messageId);
  expect(dead.Body).toBe(typeof body === "string" ? body : JSON.stringify(body));
  expect(dead.MessageAttributes?.reason?.StringValue).toMatch(reason);
  await untilDrained();
  const act = (await refusals()).find(({ data }) => data.messageId === messageId);
  expect(act).toMatchObject({
    by: "system:intake",
    data: { reason: expect.stringMatching(reason), bodyHash: expect.stringMatching(/^[0-9a-f]{64}$/) },
  });
  expect(JSON.stringify(act)).not.toContain("Do the work");
  expect((await tasks()).length).toBe(before);
}

describe("a message that is a task request", () => {
  it("becomes a task of the workspace that the queue is bound to, and is done", async () => {
    await send(requestFor("first", { title: "From the queue", priority: 8 }));
    const { taskId } = await untilTaskTitled("From the queue");
    const task = await untilSettled(stack, taskId);
    expect(task).toMatchObject({
      status: "completed",
      workspace: "robots",
      owner: "nightly",
      createdBy: "system:intake",
      priority: 8,
    });
    const [created] = await stack.cloud.table.listEvents(taskId, 0, 1);
    expect(created).toMatchObject({ type: "created", by: "system:intake" });
    await untilDrained();
    await checkInvariants(stack, [taskId]);
  });

  it("makes one task, however often it comes", async () => {
    const request = requestFor("often", { title: "Often" });
    for (let n = 0; n < 5; n += 1) await send(request);
    await untilTaskTitled("Often");
    await untilDrained();
    const made = (await tasks()).filter(({ title }) => title === "Often");
    expect(made).toHaveLength(1);
    expect(await refusals()).toEqual([]);
    const record = await stack.cloud.table.getIdempotencyRecord("robots", "intake:often");
    const days = ((record?.expiresAt ?? 0) * 1000 - (made[0]?.createdAt ?? 0)) / 86_400_000;
    expect(days).toBeCloseTo(14, 2);
    await untilSettled(stack, made[0]?.taskId as TaskId);
  });

  it("makes one task when its delivery is repeated after the answer was lost", async () => {
    const lost = stack.faults.DYNAMODB.on({
      operation: "TransactWriteItems",
      match: (body) => JSON.stringify(body).includes("intake:lost"),
      do: { kind: "drop_answer" },
      times: 1,
    });
    await send(requestFor("lost", { title: "Lost answer" }));
    await untilTaskTitled("Lost answer");
    await untilDrained();
    expect(lost.hits()).toBe(1);
    const made = (await tasks()).filter(({ title }) => title === "Lost answer");
    expect(made).toHaveLength(1);
    await untilSettled(stack, made[0]?.taskId as TaskId);
  });
});

describe("a bad message goes to the dead-letter queue with the reason, and into the audit log", () => {
  it.each([
    ["no JSON", "{not json", /not JSON/],
    ["no object", "[1]", /expected object/],
  ])("%s", (_name, body, reason) => expectRefused(body, reason));

  it("no idempotency key", () => expectRefused(requestFor("x", { idempotencyKey: undefined }), /idempotencyKey/));
  it("an unknown field", () => expectRefused(requestFor("x", { priorty: 9 }), /priorty/));
  it("a workspace of its own choice", () => expectRefused(requestFor("x", { workspace: "default" }), /workspace/));
  it("a role of its own choice", () => expectRefused(requestFor("x", { role: "super_admin" }), /role/));
  it("a repository that is not there", () =>
    expectRefused(requestFor("x", { repository: `${remote.url}-none` }), /^repository_not_found/));
  it("a key that was used for something else", async () => {
    await send(requestFor("used", { title: "Used" }));
    const { taskId } = await untilTaskTitled("Used");
    await expectRefused(requestFor("used", { title: "Other" }), /^idempotency_key_reused/);
    await untilSettled(stack, taskId);
  });

  it("as large as a queue takes, cut there, with its length and the hash of all of it", async () => {
    // Where it is cut stands the middle of a character.
    const body = `a${"é".repeat(512 * 1024 - 1)}`;
    const messageId = await send(body);
    const dead = await takeDead(messageId);
    expect(body.startsWith(dead.Body ?? "nothing")).toBe(true);
    expect(Buffer.byteLength(dead.Body ?? "")).toBe(248 * 1024 - 1);
    expect(dead.MessageAttributes).toMatchObject({
      reason: { StringValue: "the message is not JSON" },
      cutFrom: { StringValue: String(1024 * 1024 - 1) },
    });
    const act = (await refusals()).find(({ data }) => data.messageId === messageId);
    expect(act?.data.bodyHash).toBe(createHash("sha256").update(body).digest("hex"));
    await untilDrained();
  });

  it("and the acts stand in an unbroken chain", async () => {
    const acts = await stack.cloud.table.listActs(chain, 0, 1_000);
    expect(acts.length).toBeGreaterThan(7);
    expect(findBreak(acts)).toBeUndefined();
  });
});

it("what was refused stays so when its burial went unanswered, though nothing keeps it from being a task any more", async () => {
  const body = JSON.stringify(requestFor("late", { title: "Late", branch: "late" }));
  const deliver = (receives: number) => {
    const attributes = { ApproximateReceiveCount: String(receives) };
    const Records = [{ messageId: "late", receiptHandle: "none", body, attributes }];
    return intake({ Records } as unknown as Parameters<typeof intake>[0]);
  };
  const lost = stack.faults.SQS.on({
    operation: "SendMessage",
    match: (request) => (request as { QueueUrl: string }).QueueUrl === deadUrl(),
    do: { kind: "drop_answer" },
  });
  expect(await deliver(1)).toEqual({ batchItemFailures: [{ itemIdentifier: "late" }] });
  const buried = lost.hits();
  lost.remove();
  remote.git("branch", "late", "main");
  expect(await deliver(2)).toEqual({ batchItemFailures: [] });
  expect((await tasks()).filter(({ title }) => title === "Late")).toEqual([]);
  const acts = (await refusals()).filter(({ data }) => data.messageId === "late");
  expect(acts).toMatchObject([{ data: { reason: expect.stringMatching(/^branch_not_found/) } }]);
  for (let n = 0; n <= buried; n += 1) {
    const dead = await takeDead("late");
    expect(dead.MessageAttributes?.reason?.StringValue).toBe(acts[0]?.data.reason);
  }
});

describe("a message that is delivered to two at the same moment has one outcome", () => {
  /** One finds its branch missing, then it is there, and the other finds it; neither has written yet. */
  async function race(name: string, first: "refuses" | "accepts") {
    const bound = stack.cloud.intake;
    if (!bound) throw new Error("no intake");
    const body = JSON.stringify(requestFor(name, { title: name, branch: name }));
    const take = (receives: number) =>
      takeIn(stack.cloud, bound, { messageId: name, receiptHandle: "none", body, receives });
    const holdWrite = (text: string) => {
      const held = hold();
      const match = (request: unknown) => JSON.stringify(request).includes(text);
      return { held, rule: stack.faults.DYNAMODB.on({ operation: "TransactWriteItems", match, times: 1, do: held }) };
    };
    const [refusal, creation] = [holdWrite(`branch_not_found`), holdWrite(`intake:${name}`)];
    const refusing = take(1);
    await refusal.held.reached;
    remote.git("branch", name, "main");
    const accepting = take(2);
    await creation.held.reached;
    const order = [
      { write: refusal, end: refusing },
      { write: creation, end: accepting },
    ];
    if (first === "accepts") order.reverse();
    const ends = [];
    for (const { write, end } of order) {
      write.held.release();
      ends.push(await end);
    }
    for (const { rule } of [refusal, creation]) rule.remove();
    const made = (await tasks()).filter(({ title }) => title === name);
    const acts = (await refusals()).filter(({ data }) => data.messageId === name);
    return { ends, made, acts, again: await take(3) };
  }

  it("refused first: the other makes no task, and answers the refusal", async () => {
    const { ends, made, acts, again } = await race("refused-first", "refuses");
    const refused = { kind: "refused", reason: expect.stringMatching(/^branch_not_found/) };
    expect([...ends, again]).toEqual([refused, refused, refused]);
    expect([made.length, acts.length]).toEqual([0, 1]);
    // Each that met it has buried it: no burial may be lost.
    for (let n = 0; n < 3; n += 1) await takeDead("refused-first");
  });

  it("accepted first: the other refuses nothing, and answers the task", async () => {
    const { ends, made, acts, again } = await race("accepted-first", "accepts");
    const [{ taskId } = { taskId: "tsk_none" }] = made;
    const repeated = { kind: "accepted", taskId, repeated: true };
    expect([...ends, again]).toEqual([{ ...repeated, repeated: false }, repeated, repeated]);
    expect([made.length, acts.length]).toEqual([1, 0]);
    await untilSettled(stack, taskId as TaskId);
    await checkInvariants(stack, [taskId as TaskId]);
  });

  it("a repetition of what another message has asked for is accepted for good as well", async () => {
    const bound = stack.cloud.intake;
    if (!bound) throw new Error("no intake");
    const take = (messageId: string, body: string) =>
      takeIn(stack.cloud, bound, { messageId, receiptHandle: "none", body, receives: 1 });
    const body = JSON.stringify(requestFor("twins", { title: "Twins" }));
    const made = await take("first twin", body);
    if (made.kind !== "accepted") throw new Error(made.reason);
    const repeated = { ...made, repeated: true };
    expect(await take("second twin", body)).toEqual(repeated);
    // As a run would that has found something wrong with it.
    expect(await take("second twin", "{not json")).toEqual(repeated);
    expect((await refusals()).filter(({ data }) => data.messageId === "second twin")).toEqual([]);
    await untilSettled(stack, made.taskId);
  });
});

describe("what passes by itself", () => {
  it("is waited for: a table that fails, then works", async () => {
    const failing = stack.faults.DYNAMODB.on({
      operation: "TransactWriteItems",
      match: (body) => JSON.stringify(body).includes("intake:patient"),
      do: { kind: "error", type: "InternalServerError", message: "not now", status: 500 },
    });
    await send(requestFor("patient", { title: "Patient" }));
    await until("it was tried", async () => failing.hits() > 0);
    failing.remove();
    const { taskId } = await untilTaskTitled("Patient");
    await untilDrained();
    expect((await refusals()).filter(({ data }) => String(data.reason).includes("not now"))).toEqual([]);
    await untilSettled(stack, taskId);
  });

  it("is waited for: a stop of the workspace, until its release", async () => {
    const base = "/api/orchestrator/workspaces/robots";
    const reason = { reason: "the test says so" };
    expect((await call(stack, "POST", `${base}/kill-all`, reason)).status).toBe(200);
    const before = (await refusals()).length;
    const event = (receives: number) => ({
      messageId: `stopped-${receives}`,
      receiptHandle: "none",
      body: JSON.stringify(requestFor("stopped", { title: "Stopped" })),
      receives,
    });
    const bound = stack.cloud.intake;
    if (!bound) throw new Error("no intake");
    expect(await takeIn(stack.cloud, bound, event(1))).toMatchObject({
      kind: "later",
      reason: expect.stringContaining("admission_stopped"),
    });
    expect((await refusals()).length).toBe(before);
    // Not for ever.
    expect(await takeIn(stack.cloud, bound, event(200))).toMatchObject({
      kind: "refused",
      reason: expect.stringMatching(/^given up after 200 tries\. admission_stopped/),
    });
    expect(await refusals()).toHaveLength(before + 1);
    expect((await call(stack, "POST", `${base}/release`, reason)).status).toBe(200);
    const taken = await takeIn(stack.cloud, bound, event(2));
    if (taken.kind !== "accepted") throw new Error(taken.reason);
    await untilSettled(stack, taken.taskId);
    await checkInvariants(stack, [taken.taskId]);
  });

  it("keeps no other message of its batch waiting", async () => {
    const record = (messageId: string, body: object) => ({
      messageId,
      receiptHandle: "none",
      body: JSON.stringify(body),
      attributes: { ApproximateReceiveCount: "1" },
    });
    const failing = stack.faults.DYNAMODB.on({
      operation: "TransactWriteItems",
      match: (body) => JSON.stringify(body).includes("intake:batch-bad"),
      do: { kind: "error", type: "InternalServerError", message: "not now", status: 500 },
    });
    const Records = [
      record("bad", requestFor("batch-bad")),
      record("good", requestFor("batch-good", { title: "Of a batch" })),
    ];
    const answer = await intake({ Records } as unknown as Parameters<typeof intake>[0]);
    failing.remove();
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "bad" }] });
    await untilSettled(stack, (await untilTaskTitled("Of a batch")).taskId);
  });
});

it("a member of another workspace sees nothing of these tasks", async () => {
  const { body } = await call(stack, "POST", "/api/orchestrator/workspaces/default/keys", {
    name: "m",
    role: "member",
  });
  const [task] = await tasks();
  const headers = { "x-api-key": body.apiKey };
  expect((await call(stack, "GET", `${tasksPath}/${task?.taskId}`, undefined, headers)).status).toBe(404);
});
