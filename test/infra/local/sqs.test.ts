import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  QueueDoesNotExist,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SendMessageCommandInput,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LocalSqs, startSqs } from "../../../infra/local/sqs.ts";

const visibilityTimeoutMs = 30_000;
const config = { region: "us-east-1", credentials: { accessKeyId: "local", secretAccessKey: "local" } };

let clock = 0;
let local: LocalSqs;
let sqs: SQSClient;
let QueueUrl: string;

beforeEach(async () => {
  clock = Date.UTC(2026, 0, 1);
  local = await startSqs({
    queues: [
      { name: "wake", visibilityTimeoutMs, maxReceiveCount: 2, deadLetterQueue: "dead" },
      { name: "dead", visibilityTimeoutMs },
    ],
    now: () => clock,
  });
  sqs = new SQSClient({ ...config, endpoint: local.url });
  QueueUrl = local.queueUrl("wake");
});

afterEach(async () => {
  sqs.destroy();
  await local.close();
});

const send = (MessageBody: string, more: Partial<SendMessageCommandInput> = {}) =>
  sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, ...more }));

async function receive(more: Partial<ReceiveMessageCommandInput> = {}, abortSignal?: AbortSignal) {
  const command = new ReceiveMessageCommand({
    QueueUrl,
    MaxNumberOfMessages: 10,
    MessageSystemAttributeNames: ["All"],
    ...more,
  });
  return (await sqs.send(command, { abortSignal })).Messages ?? [];
}

const remove = (ReceiptHandle: string | undefined) => sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));

function advance(ms: number): void {
  clock += ms;
  local.clockMoved();
}

describe("a message", () => {
  it("arrives with its body, counts and times, and is gone once deleted", async () => {
    const sentAt = String(clock);
    const { MessageId } = await send("tsk_1");
    clock += 5;
    const [message] = await receive();
    expect(message).toMatchObject({ MessageId, Body: "tsk_1" });
    expect(message?.Attributes).toEqual({
      ApproximateReceiveCount: "1",
      ApproximateFirstReceiveTimestamp: String(clock),
      SenderId: "AIDALOCAL",
      SentTimestamp: sentAt,
    });
    expect(local.inspect("wake")).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
    await remove(message?.ReceiptHandle);
    advance(visibilityTimeoutMs);
    expect(await receive()).toEqual([]);
  });

  it("carries its attributes, text and bytes, with AWS's digest of them", async () => {
    const MessageAttributes = {
      kind: { DataType: "String", StringValue: "wake_up" },
      mark: { DataType: "Binary", BinaryValue: Uint8Array.of(1, 2, 3) },
    };
    const sent = await send("x", { MessageAttributes });
    // From the algorithm in AWS's documentation, calculated by hand with another tool.
    expect(sent.MD5OfMessageAttributes).toBe("406abed3d3df1d475f755c765ba9170c");
    const [message] = await receive({ MessageAttributeNames: ["ki.*", "mark"], VisibilityTimeout: 0 });
    expect(message?.MessageAttributes).toEqual(
      expect.objectContaining({ mark: expect.objectContaining({ BinaryValue: Uint8Array.of(1, 2, 3) }) }),
    );
    const [plain] = await receive();
    expect(plain?.MessageAttributes).toBeUndefined();
  });

  it("is hidden until its visibility timeout ends, and comes back with a higher count", async () => {
    await send("x");
    await receive();
    advance(visibilityTimeoutMs - 1);
    expect(await receive()).toEqual([]);
    advance(1);
    const [again] = await receive();
    expect(again?.Attributes?.ApproximateReceiveCount).toBe("2");
  });

  it("comes back at once with visibility 0, and later when it is extended", async () => {
    await send("x");
    const [first] = await receive();
    const change = (ReceiptHandle: string | undefined, VisibilityTimeout: number) =>
      sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout }));
    await change(first?.ReceiptHandle, 0);
    const [second] = await receive();
    expect(second?.Body).toBe("x");
    await change(second?.ReceiptHandle, 60);
    advance(visibilityTimeoutMs);
    expect(local.inspect("wake")).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
    advance(visibilityTimeoutMs);
    await expect(change(second?.ReceiptHandle, 60)).rejects.toMatchObject({ name: "MessageNotInflight" });
  });

  it("is deleted by its last handle also after the timeout, but not by an older handle", async () => {
    await send("x");
    const [first] = await receive();
    advance(visibilityTimeoutMs);
    const [second] = await receive();
    await remove(first?.ReceiptHandle);
    advance(visibilityTimeoutMs);
    expect(local.inspect("wake").visible).toBe(1);
    await remove(second?.ReceiptHandle);
    expect(local.inspect("wake")).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
    await remove(second?.ReceiptHandle);
  });

  it("waits for its delay", async () => {
    await send("x", { DelaySeconds: 900 });
    expect(local.inspect("wake")).toEqual({ visible: 0, inFlight: 0, delayed: 1 });
    advance(899_999);
    expect(await receive()).toEqual([]);
    advance(1);
    expect(await receive()).toHaveLength(1);
  });

  it("goes to the dead-letter queue when it was received too often, and stays there", async () => {
    const { MessageId } = await send("x");
    await receive({ VisibilityTimeout: 0 });
    await receive({ VisibilityTimeout: 0 });
    expect(await receive()).toEqual([]);
    const DeadUrl = local.queueUrl("dead");
    for (const count of ["3", "4", "5"]) {
      const [dead] = await receive({ QueueUrl: DeadUrl, VisibilityTimeout: 0 });
      expect(dead).toMatchObject({ MessageId, Body: "x" });
      expect(dead?.Attributes).toMatchObject({
        ApproximateReceiveCount: count,
        DeadLetterQueueSourceArn: local.queueArn("wake"),
      });
    }
  });

  it("comes in no promised order, which one seed repeats", async () => {
    const bodies = Array.from({ length: 10 }, (_, index) => String(index));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries: bodies.map((Id) => ({ Id, MessageBody: Id })) }));
    const order = (await receive()).map((message) => message.Body);
    expect(order).not.toEqual(bodies);
    expect(order.toSorted()).toEqual(bodies);
    expect(order.join("")).toBe("6049512387");
  });
});

describe("a long poll", () => {
  it("gets a message that is sent while it waits", async () => {
    const waiting = receive({ WaitTimeSeconds: 20 });
    await send("x");
    expect((await waiting)[0]?.Body).toBe("x");
  });

  it("gets a message whose delay or visibility timeout ends meanwhile, on the real clock too", async () => {
    const real = await startSqs({ queues: [{ name: "wake", visibilityTimeoutMs }] });
    const client = new SQSClient({ ...config, endpoint: real.url });
    const target = { QueueUrl: real.queueUrl("wake") };
    await client.send(new SendMessageCommand({ ...target, MessageBody: "x", DelaySeconds: 1 }));
    const { Messages } = await client.send(new ReceiveMessageCommand({ ...target, WaitTimeSeconds: 20 }));
    expect(Messages).toHaveLength(1);
    client.destroy();
    await real.close();
  });

  it("answers empty when its time is over, not before", async () => {
    let isOver = false;
    const waiting = receive({ WaitTimeSeconds: 20 }).finally(() => {
      isOver = true;
    });
    advance(19_999);
    await receive();
    expect(isOver).toBe(false);
    // The poll may only now have arrived, so it counts from the moved clock.
    advance(20_000);
    expect(await waiting).toEqual([]);
  });

  it("shares with the other waiters: one message each, nobody empty-handed", async () => {
    const waiting = Array.from({ length: 5 }, () => receive({ WaitTimeSeconds: 20, MaxNumberOfMessages: 1 }));
    for (const body of ["a", "b", "c", "d", "e"]) await send(body);
    const bodies = (await Promise.all(waiting)).map((messages) => messages.map(({ Body }) => Body));
    expect(bodies.flat().toSorted()).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("that was aborted swallows nothing, in 100 of 100 tries", async () => {
    await send("warm up the connections");
    await remove((await receive())[0]?.ReceiptHandle);
    for (let round = 0; round < 100; round += 1) {
      const hangUp = new AbortController();
      const waiting = receive({ WaitTimeSeconds: 20 }, hangUp.signal);
      // One answered request later, the poll has surely arrived.
      await sqs.send(new GetQueueUrlCommand({ QueueName: "wake" }));
      hangUp.abort();
      await Promise.all([send(String(round)), expect(waiting).rejects.toMatchObject({ name: "AbortError" })]);
      const [message] = await receive();
      expect(message?.Body, `round ${round}`).toBe(String(round));
      await remove(message?.ReceiptHandle);
    }
  });
});

describe("a batch", () => {
  it("answers per entry", async () => {
    const { Successful, Failed } = await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl,
        Entries: [
          { Id: "good", MessageBody: "x" },
          { Id: "bad", MessageBody: "x", DelaySeconds: 901 },
        ],
      }),
    );
    expect(Successful?.map(({ Id }) => Id)).toEqual(["good"]);
    expect(Failed).toMatchObject([{ Id: "bad", SenderFault: true, Code: "InvalidParameterValue" }]);
    const [message] = await receive();
    const deleted = await sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl,
        Entries: [
          { Id: "0", ReceiptHandle: message?.ReceiptHandle },
          { Id: "1", ReceiptHandle: "garbage" },
        ],
      }),
    );
    expect(deleted.Successful?.map(({ Id }) => Id)).toEqual(["0"]);
    expect(deleted.Failed).toMatchObject([{ Id: "1", Code: "ReceiptHandleIsInvalid" }]);
    expect(local.inspect("wake")).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  it.each([
    ["EmptyBatchRequest", []],
    ["BatchEntryIdsNotDistinct", ["a", "a"]],
    ["InvalidBatchEntryId", ["a b"]],
    ["TooManyEntriesInBatchRequest", "abcdefghijk".split("")],
  ])("is refused whole with %s", async (name, ids) => {
    const Entries = ids.map((Id) => ({ Id, MessageBody: "x" }));
    await expect(sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }))).rejects.toMatchObject({ name });
  });

  it("is refused whole when its bodies together are too long", async () => {
    const Entries = ["a", "b"].map((Id) => ({ Id, MessageBody: "x".repeat(600_000) }));
    const sent = sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    await expect(sent).rejects.toMatchObject({ name: "BatchRequestTooLong" });
  });
});

describe("a request SQS would refuse", () => {
  it.each([
    ["a delay over 15 minutes", () => send("x", { DelaySeconds: 901 }), "InvalidParameterValue"],
    ["a body over 1 MiB", () => send("x".repeat(1024 * 1024 + 1)), "InvalidParameterValue"],
    ["an empty body", () => send(""), "MissingParameter"],
    ["a wait over 20 s", () => receive({ WaitTimeSeconds: 21 }), "InvalidParameterValue"],
    ["more than 10 messages", () => receive({ MaxNumberOfMessages: 11 }), "InvalidParameterValue"],
    ["a handle of nobody", () => remove("garbage"), "ReceiptHandleIsInvalid"],
  ])("%s", async (_, act, name) => {
    await expect(act()).rejects.toMatchObject({ name });
  });

  it("a queue that does not exist", async () => {
    const found = sqs.send(new GetQueueUrlCommand({ QueueName: "nowhere" }));
    await expect(found).rejects.toBeInstanceOf(QueueDoesNotExist);
    await expect(receive({ QueueUrl: local.queueUrl("nowhere") })).rejects.toBeInstanceOf(QueueDoesNotExist);
  });
});

describe("a queue", () => {
  it("tells its URL, ARN, rules and counts", async () => {
    expect((await sqs.send(new GetQueueUrlCommand({ QueueName: "wake" }))).QueueUrl).toBe(QueueUrl);
    for (const body of ["a", "b", "c"]) await send(body);
    await send("later", { DelaySeconds: 5 });
    await receive({ MaxNumberOfMessages: 1 });
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }));
    expect(Attributes).toEqual({
      QueueArn: "arn:aws:sqs:us-east-1:000000000000:wake",
      ApproximateNumberOfMessages: "2",
      ApproximateNumberOfMessagesNotVisible: "1",
      ApproximateNumberOfMessagesDelayed: "1",
      VisibilityTimeout: "30",
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: local.queueArn("dead"), maxReceiveCount: 2 }),
    });
    local.purge("wake");
    expect(local.inspect("wake")).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  it("is reached through its URL alone, when the client has no endpoint", async () => {
    const ignore = () => undefined;
    const client = new SQSClient({ ...config, logger: { debug: ignore, info: ignore, warn: ignore, error: ignore } });
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: "x" }));
    expect(local.inspect("wake").visible).toBe(1);
    client.destroy();
  });

  it("cannot name a dead-letter queue that is not there", async () => {
    const queues = [{ name: "wake", visibilityTimeoutMs, maxReceiveCount: 1, deadLetterQueue: "nowhere" }];
    await expect(startSqs({ queues })).rejects.toThrow("nowhere");
  });
});

describe("a queue that is kept", () => {
  const folder = mkdtempSync(join(tmpdir(), "drover-sqs-"));
  const queues = [
    {
      name: "kept",
      visibilityTimeoutMs,
      maxReceiveCount: 2,
      deadLetterQueue: "kept-dead",
      keptIn: join(folder, "kept"),
    },
    { name: "kept-dead", visibilityTimeoutMs, keptIn: join(folder, "dead") },
    { name: "forgotten", visibilityTimeoutMs },
  ];
  /** Nothing is said to the one before: it may have been killed at any moment. */
  async function restart(): Promise<void> {
    sqs.destroy();
    await local.close();
    local = await startSqs({ queues, now: () => clock });
    sqs = new SQSClient({ ...config, endpoint: local.url });
    QueueUrl = local.queueUrl("kept");
  }
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("has its messages again after a restart: body, attributes, count and the time until which it is hidden", async () => {
    await restart();
    const Attributes = { colour: { DataType: "String", StringValue: "blue" } };
    const { MessageId } = await send("one", { MessageAttributes: Attributes });
    await send("two");
    await send("three", { DelaySeconds: 60 });
    const [, gone] = await receive({ MaxNumberOfMessages: 2 });
    await remove(gone?.ReceiptHandle);
    expect(local.inspect("kept")).toEqual({ visible: 0, inFlight: 1, delayed: 1 });
    await restart();
    expect(local.inspect("kept")).toEqual({ visible: 0, inFlight: 1, delayed: 1 });
    advance(visibilityTimeoutMs);
    const [again, ...others] = await receive({ MessageAttributeNames: ["All"] });
    expect(others).toEqual([]);
    const isFirst = gone?.Body === "two";
    expect(again?.Body).toBe(isFirst ? "one" : "two");
    if (isFirst) expect(again).toMatchObject({ MessageId, MessageAttributes: Attributes });
    expect(again?.Attributes?.ApproximateReceiveCount).toBe("2");
    // A handle of before the restart is as good as any other old one.
    await remove(again?.ReceiptHandle);
    await restart();
    expect(local.inspect("kept")).toEqual({ visible: 0, inFlight: 0, delayed: 1 });
    local.purge("kept");
    await restart();
    expect(local.inspect("kept")).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  it("hands what was received too often to its dead-letter queue once, which has it again after a restart", async () => {
    await restart();
    await send("bad");
    for (let n = 0; n < 3; n += 1) {
      await receive();
      advance(visibilityTimeoutMs);
    }
    await restart();
    expect(local.inspect("kept")).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
    QueueUrl = local.queueUrl("kept-dead");
    expect((await receive()).map(({ Body }) => Body)).toEqual(["bad"]);
  });

  it("forgets a message after fourteen days, and is not stopped by a file that it cannot read", async () => {
    await restart();
    await send("old");
    writeFileSync(join(folder, "kept", "half.json.tmp"), "{");
    writeFileSync(join(folder, "kept", "torn.json"), "{");
    advance(15 * 24 * 60 * 60 * 1000);
    await restart();
    expect(local.inspect("kept")).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
    expect(readdirSync(join(folder, "kept"))).toEqual(["torn.json"]);
  });

  it("is not what a queue is that nobody asked to keep", async () => {
    await restart();
    QueueUrl = local.queueUrl("forgotten");
    await send("a wake-up");
    await restart();
    expect(local.inspect("forgotten").visible).toBe(0);
  });
});
