import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from "@aws-sdk/client-eventbridge";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { type EventsOptions, type LocalEvents, startEvents } from "../../../infra/local/events.ts";

const folder = mkdtempSync(join(tmpdir(), "drover-events-"));
let file: string;
let count = 0;
let events: LocalEvents;
let client: EventBridgeClient;

async function start(options: Partial<EventsOptions> = {}): Promise<void> {
  events = await startEvents({ file, ...options });
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  client = new EventBridgeClient({ endpoint: events.url, region: "us-east-1", credentials, maxAttempts: 1 });
}

async function stop(): Promise<void> {
  client.destroy();
  await events.close();
}

beforeEach(async () => {
  count += 1;
  file = join(folder, `${count}.ndjson`);
  await start();
});
afterEach(stop);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const entry = (over: Partial<PutEventsRequestEntry> = {}): PutEventsRequestEntry => ({
  Source: "drover",
  DetailType: "task.completed",
  Detail: JSON.stringify({ id: "evt_1" }),
  ...over,
});
const send = (...Entries: PutEventsRequestEntry[]) => client.send(new PutEventsCommand({ Entries }));
const lines = () =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));

describe("an event", () => {
  it("becomes a line in the form in which a rule's target gets it, in a file that only its owner reads", async () => {
    const Time = new Date("2026-11-23T10:00:00Z");
    const answer = await send(entry({ Time, Resources: ["arn:one"], EventBusName: "outcomes" }));
    expect(answer).toMatchObject({ FailedEntryCount: 0, Entries: [{ EventId: expect.any(String) }] });
    expect(lines()).toEqual([
      {
        version: "0",
        id: answer.Entries?.[0]?.EventId,
        "detail-type": "task.completed",
        source: "drover",
        account: "000000000000",
        time: "2026-11-23T10:00:00Z",
        region: "us-east-1",
        resources: ["arn:one"],
        detail: { id: "evt_1" },
      },
    ]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("is told to who subscribes, until they stop", async () => {
    const seen: unknown[] = [];
    const unsubscribe = events.subscribe(({ detail }) => seen.push(detail));
    await send(entry());
    unsubscribe();
    await send(entry({ Detail: "{}" }));
    expect(seen).toEqual([{ id: "evt_1" }]);
  });

  it("never stands within another, however many come at once", async () => {
    const Detail = (n: number) => JSON.stringify({ n, padding: "x".repeat(20_000) });
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => send(entry({ Detail: Detail(n) }), entry({ Detail: Detail(-n) }))),
    );
    expect(lines()).toHaveLength(40);
  });

  it("survives the end of the process, and half a line that it left does no harm", async () => {
    await send(entry());
    await stop();
    appendFileSync(file, '{"version":"0","id":"to');
    await start();
    await send(entry({ DetailType: "task.failed" }));
    const [first, torn, last] = readFileSync(file, "utf8").trimEnd().split("\n");
    expect(JSON.parse(first ?? "")).toMatchObject({ "detail-type": "task.completed" });
    expect(torn).toBe('{"version":"0","id":"to');
    expect(JSON.parse(last ?? "")).toMatchObject({ "detail-type": "task.failed" });
  });
});

describe("a request", () => {
  it("of ten entries is taken, and of eleven or none it is not", async () => {
    await send(...Array(10).fill(entry()));
    await expect(send(...Array(11).fill(entry()))).rejects.toMatchObject({ name: "ValidationException" });
    await expect(send()).rejects.toMatchObject({ name: "ValidationException" });
    expect(lines()).toHaveLength(10);
  });

  it("of 256 KB in all is taken, and of one byte more it is not", async () => {
    const others = Buffer.byteLength(`droverTask${JSON.stringify({ p: "" })}`);
    const Detail = (bytes: number) => JSON.stringify({ p: "x".repeat(bytes - others) });
    await send(entry({ DetailType: "Task", Detail: Detail(256 * 1024) }));
    await expect(send(entry({ DetailType: "Task", Detail: Detail(256 * 1024 + 1) }))).rejects.toMatchObject({
      name: "ValidationException",
    });
    expect(lines()).toHaveLength(1);
  });

  it.each([
    ["no source", { Source: "" }, "InvalidArgument"],
    ["no type", { DetailType: "" }, "InvalidArgument"],
    ["a detail that is no JSON", { Detail: "{" }, "MalformedDetail"],
    ["a detail that is no object", { Detail: "[]" }, "MalformedDetail"],
    ["the source of a service", { Source: "aws.ecs" }, "NotAuthorizedForSourceException"],
  ])("with an entry of %s fails that one, and takes the others", async (_name, over, ErrorCode) => {
    const answer = await send(entry(), entry(over), entry());
    expect(answer.FailedEntryCount).toBe(1);
    expect(answer.Entries).toMatchObject([
      { EventId: expect.any(String) },
      { ErrorCode },
      { EventId: expect.any(String) },
    ]);
    expect(lines()).toHaveLength(2);
  });

  it("may be refused in part, as the service does when it is busy", async () => {
    await stop();
    await start({
      refuse: ({ DetailType }) =>
        DetailType === "task.failed" ? { ErrorCode: "ThrottlingException", ErrorMessage: "not now" } : undefined,
    });
    const answer = await send(entry({ DetailType: "task.failed" }), entry());
    expect(answer).toMatchObject({ FailedEntryCount: 1, Entries: [{ ErrorCode: "ThrottlingException" }, {}] });
    expect(lines()).toMatchObject([{ "detail-type": "task.completed" }]);
  });
});
