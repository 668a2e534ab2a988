import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { SQSEvent } from "aws-lambda";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type LocalSqs, startSqs } from "../../../infra/local/sqs.ts";
import { startTrigger, type Trigger, type TriggerOptions } from "../../../infra/local/trigger.ts";

const queues = [{ name: "wake", visibilityTimeoutMs: 30_000 }];
const visibilityTimeoutMs = 30_000;

let clock = 0;
let local: LocalSqs;
let sqs: SQSClient;
let trigger: Trigger | undefined;
let errors: unknown[];

beforeEach(async () => {
  clock = Date.UTC(2026, 0, 1);
  errors = [];
  local = await startSqs({ queues, now: () => clock });
  sqs = new SQSClient({
    region: "us-east-1",
    endpoint: local.url,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 1,
  });
});

afterEach(async () => {
  await trigger?.stop();
  sqs.destroy();
  await local.close();
});

function start(handler: TriggerOptions["handler"], more: Partial<TriggerOptions> = {}): void {
  trigger = startTrigger({
    sqs,
    queueUrl: local.queueUrl("wake"),
    queueArn: local.queueArn("wake"),
    batchSize: 10,
    concurrency: 1,
    visibilityTimeoutMs,
    handler,
    onError: (error) => errors.push(error),
    ...more,
  });
}

const send = (MessageBody: string) =>
  sqs.send(new SendMessageCommand({ QueueUrl: local.queueUrl("wake"), MessageBody }));

const sendAll = (bodies: string[]) => {
  const Entries = bodies.map((body, index) => ({ Id: String(index), MessageBody: body }));
  return sqs.send(new SendMessageBatchCommand({ QueueUrl: local.queueUrl("wake"), Entries }));
};

/** A handler that gives its events to the test one by one, and answers what the test decides. */
function recorder(answers: Awaited<ReturnType<TriggerOptions["handler"]>>[] = []) {
  const events: SQSEvent[] = [];
  const handler = async (event: SQSEvent) => {
    events.push(event);
    return answers.shift();
  };
  return {
    events,
    handler,
    come: (count: number) => vi.waitFor(() => expect(events).toHaveLength(count), { interval: 1 }),
  };
}

const settled = (inFlight: number) =>
  vi.waitFor(() => expect(local.inspect("wake")).toEqual({ visible: 0, inFlight, delayed: 0 }), { interval: 1 });

function advance(ms: number): void {
  clock += ms;
  local.clockMoved();
}

describe("the event", () => {
  it("is the one that Lambda builds, and a handled message is deleted", async () => {
    const { events, handler, come } = recorder();
    start(handler);
    const { MessageId, MD5OfMessageAttributes } = await sqs.send(
      new SendMessageCommand({
        QueueUrl: local.queueUrl("wake"),
        MessageBody: '{"taskId":"tsk_1"}',
        MessageAttributes: {
          kind: { DataType: "String", StringValue: "wake_up" },
          mark: { DataType: "Binary", BinaryValue: Uint8Array.of(1, 2, 3) },
        },
      }),
    );
    await come(1);
    expect(events[0]).toEqual({
      Records: [
        {
          messageId: MessageId,
          receiptHandle: expect.any(String),
          body: '{"taskId":"tsk_1"}',
          attributes: {
            ApproximateReceiveCount: "1",
            SentTimestamp: String(clock),
            SenderId: "AIDALOCAL",
            ApproximateFirstReceiveTimestamp: String(clock),
          },
          messageAttributes: {
            kind: { stringValue: "wake_up", stringListValues: [], binaryListValues: [], dataType: "String" },
            mark: { binaryValue: "AQID", stringListValues: [], binaryListValues: [], dataType: "Binary" },
          },
          md5OfBody: "55b7555627b34231f15aeb751dc98581",
          md5OfMessageAttributes: MD5OfMessageAttributes,
          eventSource: "aws:sqs",
          eventSourceARN: "arn:aws:sqs:us-east-1:000000000000:wake",
          awsRegion: "us-east-1",
        },
      ],
    });
    await settled(0);
    expect(errors).toEqual([]);
  });

  it("holds no more than the batch size", async () => {
    await sendAll(["a", "b", "c", "d", "e"]);
    const { events, handler } = recorder();
    start(handler, { batchSize: 2 });
    await settled(0);
    expect(events.map(({ Records }) => Records.length)).toEqual([2, 2, 1]);
  });
});

describe("a failure", () => {
  it("of one message leaves that message, which comes back after its visibility timeout", async () => {
    await sendAll(["good", "bad"]);
    const events: string[][] = [];
    start(async ({ Records }) => {
      events.push(Records.map(({ body, attributes }) => `${body} ${attributes.ApproximateReceiveCount}`).toSorted());
      const bad = Records.find(({ body, attributes }) => body === "bad" && attributes.ApproximateReceiveCount === "1");
      return { batchItemFailures: bad ? [{ itemIdentifier: bad.messageId }] : [] };
    });
    await settled(1);
    expect(events).toEqual([["bad 1", "good 1"]]);
    advance(visibilityTimeoutMs);
    await settled(0);
    expect(events).toEqual([["bad 1", "good 1"], ["bad 2"]]);
    expect(errors).toEqual([]);
  });

  it.each([
    ["an unknown id", [{ itemIdentifier: "nobody" }]],
    ["an empty id", [{ itemIdentifier: "" }]],
    ["a missing id", [{} as { itemIdentifier: string }]],
  ])("told with %s fails the whole batch", async (_, batchItemFailures) => {
    await sendAll(["a", "b"]);
    const { handler, come } = recorder([{ batchItemFailures }]);
    start(handler);
    await come(1);
    await vi.waitFor(() => expect(errors).toHaveLength(1), { interval: 1 });
    expect(local.inspect("wake").inFlight).toBe(2);
    advance(visibilityTimeoutMs);
    await settled(0);
  });

  it("told twice for one message counts once", async () => {
    await sendAll(["a", "b"]);
    start(async ({ Records: [first] }) => {
      const itemIdentifier = first?.messageId ?? "";
      return { batchItemFailures: [{ itemIdentifier }, { itemIdentifier }] };
    });
    await settled(1);
    expect(errors).toEqual([]);
  });

  it("of the handler itself deletes nothing, and is reported", async () => {
    await sendAll(["a", "b"]);
    let calls = 0;
    start(async () => {
      calls += 1;
      if (calls === 1) throw new Error("broken handler");
    });
    await vi.waitFor(() => expect(errors).toHaveLength(1), { interval: 1 });
    expect(errors[0]).toMatchObject({ message: "broken handler" });
    expect(local.inspect("wake").inFlight).toBe(2);
    advance(visibilityTimeoutMs);
    await settled(0);
    expect(calls).toBe(2);
  });

  it("of the endpoint makes the polls back off, and a restart is found again", async () => {
    const pauses: number[] = [];
    let resume = Promise.withResolvers<void>();
    const { events, handler, come } = recorder();
    start(handler, {
      pause: async (ms) => {
        pauses.push(ms);
        await resume.promise;
      },
    });
    const port = Number(new URL(local.url).port);
    for (let failures = 1; failures <= 10; failures += 1) {
      if (failures === 1) await local.close();
      await vi.waitFor(() => expect(pauses).toHaveLength(failures), { interval: 1 });
      const { resolve } = resume;
      resume = Promise.withResolvers<void>();
      if (failures === 10) local = await startSqs({ queues, now: () => clock, port });
      resolve();
    }
    await send("after the restart");
    await come(1);
    expect(events[0]?.Records[0]?.body).toBe("after the restart");
    expect(errors).toHaveLength(10);
    pauses.forEach((ms, index) => {
      const longestMs = Math.min(5_000, 100 * 2 ** index);
      expect(ms).toBeGreaterThanOrEqual(longestMs / 2);
      expect(ms).toBeLessThanOrEqual(longestMs);
    });
  });
});

describe("concurrency", () => {
  it("is what was asked for: so many handlers at once, and not one more", async () => {
    await sendAll(["a", "b", "c", "d", "e"]);
    const running: PromiseWithResolvers<void>[] = [];
    start(
      () => {
        running.push(Promise.withResolvers<void>());
        return running.at(-1)?.promise ?? Promise.resolve();
      },
      { batchSize: 1, concurrency: 3 },
    );
    await vi.waitFor(() => expect(running).toHaveLength(3), { interval: 1 });
    expect(local.inspect("wake")).toEqual({ visible: 2, inFlight: 3, delayed: 0 });
    for (let index = 0; index < 5; index += 1) {
      await vi.waitFor(() => expect(running.length).toBeGreaterThan(index), { interval: 1 });
      running[index]?.resolve();
    }
    await settled(0);
  });

  it("cannot make a batch of more than ten", () => {
    expect(() => start(async () => undefined, { batchSize: 11 })).toThrow("batchSize");
  });
});

describe("stop", () => {
  it("does not wait for the long poll", async () => {
    const { handler } = recorder();
    start(handler, { concurrency: 2 });
    await send("x");
    await settled(0);
    const startedAt = performance.now();
    await trigger?.stop();
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    await send("nobody takes this");
    expect(local.inspect("wake").visible).toBe(1);
    expect(errors).toEqual([]);
  });

  it("waits for the running handler, whose message is still deleted", async () => {
    const begun = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    start(() => {
      begun.resolve();
      return end.promise;
    });
    await send("x");
    await begun.promise;
    let isStopped = false;
    const stopped = trigger?.stop().then(() => {
      isStopped = true;
    });
    await send("later");
    expect(isStopped).toBe(false);
    end.resolve();
    await stopped;
    expect(local.inspect("wake")).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
  });

  it("ends a pause after a failure", async () => {
    const { handler } = recorder();
    await local.close();
    start(handler);
    await vi.waitFor(() => expect(errors.length).toBeGreaterThan(0), { interval: 1 });
    await trigger?.stop();
    const seen = errors.length;
    local = await startSqs({ queues });
    expect(errors).toHaveLength(seen);
  });
});
