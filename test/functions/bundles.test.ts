// Does what would be uploaded to Lambda work? Every bundle, in a process of its own, with the event that its trigger sends.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { DeleteItemCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { digestKey } from "../../functions/aws/keys.ts";
import { agentIdOf, type TaskId } from "../../functions/core/ids.ts";
import type { Webhook } from "../../functions/core/notices.ts";
import { readDigest } from "../../functions/flows/read-digest.ts";
import { recordAct } from "../../functions/flows/record-act.ts";
import type { FunctionName } from "../../infra/aws/entry-points.ts";
import { buildTogether, type Content } from "../../scripts/build-functions.ts";
import { checkInvariants } from "../support/invariants.ts";
import { useRemote } from "../support/remote.ts";
import { tasksPath, until, untilStatus, useStack } from "../support/stack.ts";
import { toUrlEvent } from "../support/url-event.ts";

const stack = useStack();
const remote = useRemote();
const folder = mkdtempSync(join(tmpdir(), "drover-bundles-"));
let content: Content;
const runtime = resolve(import.meta.dirname, "../support/lambda-runtime.mjs");
const root = resolve(import.meta.dirname, "../..");

beforeAll(async () => {
  content = await buildTogether(folder);
  // Nobody here is woken: what happens, the bundles do.
  await stack.local.reaper.stop();
  const refusal = { kind: "error", type: "ServiceUnavailable", message: "no messages today", status: 400 } as const;
  for (const operation of ["SendMessage", "SendMessageBatch"]) stack.faults.SQS.on({ operation, do: refusal });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function invoke(name: FunctionName, event: object) {
  const child = spawn(process.execPath, [runtime, join(folder, `${name}.mjs`)], { stdio: "pipe" });
  child.stdin.end(JSON.stringify(event));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  if (child.exitCode !== 0) throw new Error(`${name} ended with ${child.exitCode}: ${err}`);
  return JSON.parse(out);
}

const request = (method: string, path: string, body?: object) => toUrlEvent(method, path, stack.local.apiKey, body);

/** As an event source mapping sends it. */
const messages = (...bodies: string[]) => ({
  Records: bodies.map((body, i) => ({
    ...{ messageId: `message-${i}`, receiptHandle: "r", body, messageAttributes: {}, md5OfBody: "", awsRegion: "x" },
    ...{ eventSource: "aws:sqs", eventSourceARN: "arn:aws:sqs:eu-west-1:1:q" },
    attributes: {
      ApproximateReceiveCount: "1",
      SentTimestamp: "1",
      SenderId: "s",
      ApproximateFirstReceiveTimestamp: "1",
    },
  })),
});

const stopOf = (taskId: TaskId) => ({
  ...{ version: "0", id: "e", "detail-type": "ECS Task State Change", source: "aws.ecs", region: "eu-west-1" },
  detail: {
    lastStatus: "STOPPED",
    startedBy: agentIdOf(taskId, 1),
    stopCode: "TaskFailedToStart",
    stoppedReason: "gone",
  },
});

const taskOf = (taskId: TaskId) => stack.cloud.table.getTask(taskId);
const wish = (command: string) => ({
  ...{ repository: remote.url, prompt: "Work", agent: { kind: "command", command: ["sh", "-c", command] } },
});

/** Somebody is to be told of ends, so that they are owed until the sender has seen to them; what it asks for is no matter. */
async function waitForEnds(): Promise<void> {
  const webhook: Webhook = {
    ...{ webhookId: "whk_1", workspace: "default", url: "https://receiver.example.com/", events: [] },
    ...{ createdBy: "key_1", createdAt: stack.cloud.clock.now() },
  };
  await recordAct(stack.cloud, "workspace:default", "key_1", () => ({
    type: "webhook_added",
    data: {},
    writes: [{ kind: "webhook", webhook }],
  }));
}

describe("a task's whole life in bundles", () => {
  let taskId: TaskId;

  it("the API takes it in", async () => {
    const { statusCode, body } = await invoke("api", request("POST", tasksPath, wish("sleep 600")));
    expect(statusCode).toBe(201);
    taskId = JSON.parse(body).taskId;
    expect(await taskOf(taskId)).toMatchObject({ status: "queued", version: 1 });
  });

  it("the dispatcher launches it, and of a batch only what failed comes again", async () => {
    const answer = await invoke("dispatcher", messages("no wake-up", JSON.stringify({ taskId })));
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "message-0" }] });
    await untilStatus(stack, taskId, "running");
  });

  it("the stream answers piece by piece, with its head before its first event", async () => {
    const { statusCode, headers, body } = await invoke("stream", request("GET", "/api/orchestrator/agents/events"));
    expect([statusCode, headers["content-type"]]).toEqual([200, "text/event-stream"]);
    expect(body).toMatch(/^event: snapshot\ndata: \{/);
    expect(body).toContain(taskId);
  });

  it("the sandbox's end fails the attempt, and the reaper sends the task on its way again", async () => {
    await invoke("sandboxState", stopOf(taskId));
    expect(await taskOf(taskId)).toMatchObject({ status: "queued", attempt: 1, due: { kind: "ready" } });
    await until("the reaper has let it go", async () => {
      await invoke("reaper", { "detail-type": "Scheduled Event" });
      return (await taskOf(taskId))?.due === undefined;
    });
  });

  it("the kill function kills it by its own URL, and knows no other route", async () => {
    await waitForEnds();
    const path = `${tasksPath}/${taskId}`;
    expect((await invoke("kill", request("GET", path))).statusCode).toBe(404);
    const { statusCode, body } = await invoke("kill", request("POST", `${path}/kill`, { reason: "enough" }));
    expect([statusCode, JSON.parse(body).task.status]).toEqual([200, "killed"]);
  });

  it("the sender of notices tells of its end, and what is owed is cleared", async () => {
    expect(await stack.cloud.notices.owedOf(taskId)).toHaveLength(1);
    expect(await invoke("notify", messages(JSON.stringify({ taskId })))).toEqual({ batchItemFailures: [] });
    expect(await stack.cloud.notices.owedOf(taskId)).toEqual([]);
    await checkInvariants(stack, [taskId]);
  });

  it("the digest function writes the digest of the day, and signs it", async () => {
    // The stack has written one at its start.
    const Key = marshall(digestKey(1));
    await new DynamoDBClient().send(new DeleteItemCommand({ TableName: process.env.DROVER_TABLE, Key }));
    await invoke("digest", { "detail-type": "Scheduled Event" });
    const record = await stack.cloud.table.getLastDigest();
    expect(record && (await readDigest(stack.cloud, record))).toMatchObject({
      number: 1,
      signature: expect.any(String),
    });
  });

  it("a request from the public queue becomes a task, and a wake-up that failed for good is looked into", async () => {
    const asked = JSON.stringify({ idempotencyKey: "bundles", ...wish("true") });
    expect(await invoke("intake", messages(asked))).toEqual({ batchItemFailures: [] });
    const record = await stack.cloud.table.getIdempotencyRecord("default", "intake:bundles");
    expect(record && (await taskOf(record.taskId))?.status).toBe("queued");
    const dead = messages(JSON.stringify({ taskId: record?.taskId }));
    expect(await invoke("deadLetter", dead)).toEqual({ batchItemFailures: [] });
  });
});

it("the bundles bring all that they need, and nothing of development", () => {
  const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const packages = content.inputs.map((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]);
  expect(packages).toContain("@aws-sdk/client-dynamodb");
  expect(packages.filter((one) => one && one in devDependencies)).toEqual([]);
  expect(content.inputs.filter((path) => /^(infra|stacks|scripts|test|functions\/sandbox)\//.test(path))).toEqual([]);
  expect(content.externals.filter((path) => !builtinModules.includes(path.replace("node:", "")))).toEqual([]);
});
