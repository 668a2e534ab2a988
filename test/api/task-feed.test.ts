// Has a reader of one task's feed everything once, wherever its connection breaks and however attempts follow each other?
import { afterAll, beforeAll, expect, it } from "vitest";
import { openDrover, type Progress, type TaskFeedEvent } from "../../clients/client.ts";
import { createStreamApp } from "../../functions/api/stream-app.ts";
import { cloudOfThisProcess } from "../../functions/cloud.ts";
import type { Table } from "../../functions/core/table.ts";
import type { Task } from "../../functions/core/task.ts";
import { serveApi } from "../../infra/local/api-server.ts";
import type { Endpoint } from "../../infra/local/aws-json.ts";
import { createFirstKey, ensureTokenSecret } from "../../infra/local/bootstrap.ts";
import { apply, claim, createTask, now } from "../contract/support.ts";
import { type FaultProxy, hold, startFaultProxy } from "../support/fault-proxy.ts";
import { until } from "../support/stack.ts";
import { stageVariables, useStageServices } from "../support/stage-services.ts";

useStageServices(stageVariables("/drover/test"));
const streams = createStreamApp(cloudOfThisProcess);
let dynamo: FaultProxy;
let server: Endpoint;
let table: Table;
let apiKey: string;
beforeAll(async () => {
  dynamo = await startFaultProxy(String(process.env.AWS_ENDPOINT_URL_DYNAMODB));
  process.env.AWS_ENDPOINT_URL_DYNAMODB = dynamo.url;
  await ensureTokenSecret("/drover/test");
  apiKey = await createFirstKey("ada");
  table = (await cloudOfThisProcess()).table;
  server = await serveApi(streams.fetch, 0, () => true);
});
afterAll(async () => {
  await server.close();
  await dynamo.close();
});

/** An agent that prints, as its supervisor's beats tell of it. */
function printer(attempt: number, { taskId }: Task) {
  const agentId = `agt_${taskId.slice(4)}_${attempt}` as const;
  let seq = 0;
  let printed = "";
  return async (text: string) => {
    seq += 1;
    printed += text;
    const beat = { seq, step: "running", stepStartedAt: now, output: printed, outputLength: printed.length };
    await table.beat(agentId, beat, now + 60_000, now);
  };
}

const begin = async (task: Task) =>
  apply(table, await apply(table, task, claim()), { type: "started", leaseMs: 60_000, limitMs: 60_000 });

/** Reads until told to stop, or until the task's end. */
function read(taskId: string, send = fetch) {
  const ending = new AbortController();
  const heard: TaskFeedEvent[] = [];
  const { followTask } = openDrover({ url: server.url, apiKey, fetch: send });
  const feed = followTask(taskId, { signal: ending.signal });
  const done = (async () => {
    for await (const event of feed) heard.push(event);
  })();
  const progress = () => heard.flatMap((event) => (event.kind === "progress" ? event.progress : []));
  return {
    progress,
    versions: () => heard.flatMap((event) => (event.kind === "audit" ? event.event.version : [])),
    printed: () => join(progress()),
    async stop() {
      ending.abort();
      await done;
    },
  };
}

/** What each attempt printed, as it was heard. */
function join(progress: readonly Progress[]): string[] {
  const texts = new Map<string, string>();
  for (const { agentId, output } of progress) texts.set(agentId, `${texts.get(agentId) ?? ""}${output}`);
  return [...texts.values()];
}

it("an attempt that makes way for the next while somebody looks is not told of again, and nothing of the next is left out", async () => {
  const task = await begin(await createTask(table, { workspace: "default" }));
  const first = printer(1, task);
  await first("one\n");
  const reader = read(task.taskId);
  await until("the first line is heard", async () => reader.printed()[0] === "one\n");
  // The reader sees that something has happened to attempt 1, and asks what. Before it hears that, all of this has come to pass.
  const held = hold();
  const isOfItsEvents = (body: unknown) => JSON.stringify(body).includes(task.taskId);
  const asking = dynamo.on({ operation: "Query", match: isOfItsEvents, times: 1, do: held });
  const told = await apply(table, task, { type: "message_sent", textHash: "00" });
  await held.reached;
  await first("two\n");
  const failure = { class: "infrastructure", message: "its host is gone" } as const;
  const again = await begin(await apply(table, told, { type: "attempt_failed", failure }));
  const second = printer(2, again);
  await second("three\n");
  held.release();
  await until("the second attempt is heard", async () => reader.printed()[1] === "three\n");
  await second("four\n");
  await until("its next line is heard", async () => reader.printed()[1] === "three\nfour\n");
  await reader.stop();
  asking.remove();
  expect(reader.printed()).toEqual(["one\ntwo\n", "three\nfour\n"]);
  expect(reader.progress().filter(({ output }) => output === "")).toEqual([]);
  expect(reader.versions()).toEqual(reader.versions().map((_, n) => n + 1));
});

/** Passes so many bytes of the first stream on, then breaks it or ends it there, in the middle of whatever that is. */
function cutAfter(bytes: number, how: "broken" | "ended") {
  const cut = { connections: 0, isCut: false };
  const send: typeof fetch = async (...request) => {
    const response = await fetch(...request);
    cut.connections += 1;
    if (cut.connections > 1 || !response.body) return response;
    let left = bytes;
    const knife = new TransformStream<Uint8Array, Uint8Array>({
      async transform(chunk, controller) {
        controller.enqueue(chunk.subarray(0, left));
        left -= chunk.length;
        if (left > 0) return;
        cut.isCut = true;
        if (how === "ended") return controller.terminate();
        // What was sent is read before the line dies, as it would be.
        await new Promise((read) => setTimeout(read, 20));
        controller.error(new Error("the line is dead"));
      },
    });
    return new Response(response.body.pipeThrough(knife), response);
  };
  return { send, cut };
}

it("whatever byte a connection is cut at, its reader has each event and each character once", async () => {
  const task = await begin(await createTask(table, { workspace: "default" }));
  const print = printer(1, task);
  const readers = Array.from({ length: 20 }, (_, n) => {
    const { send, cut } = cutAfter(1 + 97 * n, n % 2 === 0 ? "broken" : "ended");
    return { ...read(task.taskId, send), cut };
  });
  const all = async (what: string, is: (reader: (typeof readers)[number]) => boolean) =>
    until(what, async () => readers.every(is));
  const lines = ["a line\n", "ünïcödé ✓\n", "x".repeat(300), "\n", "the last\n"];
  for (const [n, line] of lines.entries()) {
    await print(line);
    const printed = lines.slice(0, n + 1).join("");
    // Whoever was cut is away for a while, and comes back to what was printed meanwhile.
    await all(`line ${n} is heard`, ({ printed: heard, cut }) => cut.isCut || heard()[0] === printed);
  }
  await all("everything is heard", ({ printed }) => printed()[0] === lines.join(""));
  await Promise.all(readers.map(({ stop }) => stop()));
  for (const { printed, versions, cut } of readers) {
    expect([printed(), versions(), cut.isCut]).toEqual([[lines.join("")], [1, 2, 3], true]);
  }
});
