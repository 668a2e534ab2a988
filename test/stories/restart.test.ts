import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, expect, it } from "vitest";
import { findBreak } from "../../functions/core/audit.ts";
import { removeTree, sandboxBase } from "../../infra/local/sandbox/disk.ts";
import { readFeed } from "../../scripts/demo/follow.ts";
import { processesOf } from "../support/invariants.ts";
import { drover, useRemote } from "../support/remote.ts";
import { until } from "../support/stack.ts";

const remote = useRemote();
const dataDir = mkdtempSync(join(tmpdir(), "drover-restart-"));
let stack: { child: ChildProcess; url: string; apiKey: string; intakeUrl: string };

async function start(port: string): Promise<typeof stack> {
  const script = resolve(import.meta.dirname, "../support/stack-process.ts");
  const env = { ...process.env, DROVER_BEAT_MS: "100", DROVER_LEASE_MS: "20000" };
  const child = spawn(process.execPath, [script, dataDir, port], { env, stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([once(lines, "line"), once(child, "exit").then(([code]) => [`{"exit":${code}}`])]);
  return { child, ...JSON.parse(String(first[0])) };
}

async function killNine(): Promise<void> {
  stack.child.kill("SIGKILL");
  await once(stack.child, "exit");
}

async function api(method: string, path: string, body?: object) {
  const response = await fetch(`${stack.url}/api/orchestrator/tasks${path}`, {
    method,
    headers: { "x-api-key": stack.apiKey, "content-type": "application/json" },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was answered
  return (await response.json()) as any;
}

const submit = (command: string) =>
  api("POST", "", {
    repository: remote.url,
    prompt: "Survive",
    agent: { kind: "command", command: ["sh", "-c", command] },
  });

const settled = (taskId: string) =>
  until(`${taskId} has ended`, async () => {
    const task = await api("GET", `/${taskId}`);
    return ["completed", "failed", "killed"].includes(task.status) ? task : undefined;
  });

async function readEvents(taskId: string) {
  const events = [];
  const feed = `${stack.url}/api/orchestrator/tasks/${taskId}/events`;
  for await (const { event, data } of readFeed(feed, stack.apiKey, AbortSignal.timeout(20_000))) {
    if (event === "audit") events.push({ ...data, at: Date.parse(String(data.at)) });
  }
  return events as unknown as Parameters<typeof findBreak>[0];
}

afterAll(async () => {
  if (stack?.child.exitCode === null) {
    stack.child.kill("SIGTERM");
    await once(stack.child, "exit");
  }
  await removeTree(sandboxBase(dataDir));
  rmSync(dataDir, { recursive: true, force: true });
});

it("kill -9 of the whole stack in mid-task: the sandbox goes on, is found again, and the task ends well", async () => {
  stack = await start("0");
  const port = new URL(stack.url).port;
  const { taskId } = await submit(
    "echo begun; while [ ! -e go ]; do sleep 0.1; [ $((i=i+1)) -gt 40 ] && touch go; done; echo ok > ok; rm go",
  );
  await until(
    "the command runs",
    async () => (await api("GET", `/${taskId}`)).attempts[0]?.outputLength > 0 || undefined,
  );
  await killNine();
  expect(processesOf(`${taskId.replace("tsk_", "agt_")}_1` as `agt_${string}`)).toHaveLength(1);
  stack = await start(port);
  const task = await settled(taskId);
  expect(task).toMatchObject({ status: "completed", attempt: 1, publishOutcome: "pushed" });
  expect(remote.git("show", `${drover(taskId)}:ok`)).toBe("ok\n");
  const events = await readEvents(taskId);
  expect(events.map((event) => event.type)).toEqual([
    "created",
    "claimed",
    "started",
    "work_done",
    "permit_granted",
    "completed",
    "cleanup",
  ]);
  expect(findBreak(events)).toBeUndefined();
});

it("kill -9 of the stack and of the sandbox: the loss is noticed and the task is tried again", async () => {
  const port = new URL(stack.url).port;
  const { taskId } = await submit("sleep 1; echo again > again");
  const agentId = `${taskId.replace("tsk_", "agt_")}_1` as `agt_${string}`;
  const pid = await until("its supervisor runs", async () => processesOf(agentId)[0]);
  await killNine();
  process.kill(Number(pid), "SIGKILL");
  stack = await start(port);
  expect(await settled(taskId)).toMatchObject({ status: "completed", attempt: 2 });
  expect(findBreak(await readEvents(taskId))).toBeUndefined();
});

it("kill -9 while a request waits in the intake queue: it is taken in after the restart, once", async () => {
  const port = new URL(stack.url).port;
  const workspace = (act: string) =>
    fetch(`${stack.url}/api/orchestrator/workspaces/default/${act}`, {
      method: "POST",
      headers: { "x-api-key": stack.apiKey, "content-type": "application/json" },
      body: JSON.stringify({ reason: "the test says so" }),
    });
  const send = async (title: string) => {
    const credentials = { accessKeyId: "local", secretAccessKey: "local" };
    const sqs = new SQSClient({ endpoint: new URL(stack.intakeUrl).origin, region: "us-east-1", credentials });
    const request = { repository: remote.url, title, prompt: "x", agent: { kind: "command", command: ["true"] } };
    const MessageBody = JSON.stringify({ ...request, idempotencyKey: title });
    await sqs.send(new SendMessageCommand({ QueueUrl: stack.intakeUrl, MessageBody }));
    sqs.destroy();
  };
  const titled = async (title: string) =>
    (await api("GET", "?limit=100")).tasks.filter((task: { title: string }) => task.title === title);

  // While the workspace is stopped nothing is taken in.
  expect((await workspace("kill-all")).status).toBe(200);
  await send("waits");
  await killNine();
  stack = await start(port);
  expect(await titled("waits")).toEqual([]);
  expect((await workspace("release")).status).toBe(200);
  const [task] = await until("it is taken in", async () => {
    const found = await titled("waits");
    return found.length > 0 && found;
  });
  expect(await settled(task.taskId)).toMatchObject({ status: "completed" });
  expect(await titled("waits")).toHaveLength(1);
});

it("a second stack on the same data is refused, and so is data of a newer version", async () => {
  const second = spawn(process.execPath, [
    resolve(import.meta.dirname, "../../scripts/start.ts"),
    "--data",
    dataDir,
    "--port",
    "0",
  ]);
  let said = "";
  second.stderr.on("data", (chunk) => {
    said += chunk;
  });
  expect(await once(second, "exit")).toEqual([1, null]);
  expect(said).toMatch(/already runs on .*--data/s);
});
