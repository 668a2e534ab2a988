// The whole local stack in this test's process, with a proxy for faults before each stand-in it calls.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { cloudOfThisProcess } from "../../functions/cloud.ts";
import type { Cloud } from "../../functions/core/cloud.ts";
import type { TaskId } from "../../functions/core/ids.ts";
import { isFinal, type Task } from "../../functions/core/task.ts";
import { type LocalStack, startLocal } from "../../stacks/local.ts";
import type { Interposable } from "../../stacks/local-services.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";

import { sharedImageDir } from "./image-dir.ts";

export interface TestStack {
  dataDir: string;
  local: LocalStack;
  cloud: Cloud;
  /** The outcome bus has one where a test asks for the bus. */
  faults: Record<Interposable, FaultProxy>;
}

/** One stack per process (the functions read their settings once). `settings` are DROVER_* variables. */
export async function startStack(
  settings: Record<string, string> = {},
  dataDir = mkdtempSync(join(tmpdir(), "drover-test-")),
): Promise<TestStack & { close(): Promise<void> }> {
  const faults: Record<string, FaultProxy> = {};
  Object.assign(process.env, {
    DROVER_BEAT_MS: "100",
    DROVER_LOG_UPLOAD_MS: "500",
    DROVER_PUSH_SETTLE_MS: "500",
    ...settings,
  });
  const local = await startLocal({
    dataDir,
    port: 0,
    ephemeral: true,
    imageDir: sharedImageDir,
    async interpose(service, url) {
      const proxy = await startFaultProxy(url);
      faults[service] = proxy;
      return proxy.url;
    },
  });
  return {
    ...{ dataDir, local, faults: faults as TestStack["faults"], cloud: await cloudOfThisProcess() },
    async close() {
      await local.closeAndKill();
      for (const proxy of Object.values(faults)) await proxy.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** One stack per test file. */
export function useStack(settings: Record<string, string> = {}): TestStack {
  const stack = { dataDir: mkdtempSync(join(tmpdir(), "drover-test-")) } as TestStack & { close?(): Promise<void> };
  beforeAll(async () => void Object.assign(stack, await startStack(settings, stack.dataDir)));
  afterAll(() => stack.close?.());
  return stack;
}

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was answered
  body: any;
}

/** A stack that answers somewhere, in this process or in another. */
export interface Answering {
  local: { url: string; apiKey: string };
}

export async function call(
  stack: Answering,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${stack.local.url}${path}`, {
    method,
    headers: { "x-api-key": stack.local.apiKey, "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json");
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

export const tasksPath = "/api/orchestrator/tasks";

/** Submits a command task and answers its id. */
export async function submit(
  stack: TestStack,
  request: { repository: string; command: string[]; [field: string]: unknown },
): Promise<TaskId> {
  const { command, ...rest } = request;
  const body = { prompt: "Do the work", agent: { kind: "command", command }, ...rest };
  const answer = await call(stack, "POST", tasksPath, body);
  if (answer.status !== 201) throw new Error(`submit answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body.taskId;
}

export const kill = (stack: TestStack, taskId: TaskId, reason = "the test says so") =>
  call(stack, "POST", `${tasksPath}/${taskId}/kill`, { reason });

const patienceMs = 60_000;
const lookAgainMs = 20;

/** Looks until `probe` answers something, or fails saying what it last saw. */
export async function until<T>(what: string, probe: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`waited ${patienceMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
  }
}

export async function untilTask(
  stack: TestStack,
  taskId: TaskId,
  what: string,
  is: (task: Task) => boolean,
): Promise<Task> {
  let last: Task | undefined;
  try {
    return await until(`${taskId} ${what}`, async () => {
      last = await stack.cloud.table.getTask(taskId);
      return last && is(last) ? last : undefined;
    });
  } catch (error) {
    throw new Error(`${(error as Error).message}; it is ${JSON.stringify(last)}`);
  }
}

export const untilStatus = (stack: TestStack, taskId: TaskId, status: Task["status"]) =>
  untilTask(stack, taskId, `is ${status}`, (task) => task.status === status);

/** Ended, and nothing is owed any more: its last attempt is cleaned up and the outcome of its push is known. */
export const untilSettled = (stack: TestStack, taskId: TaskId) =>
  untilTask(
    stack,
    taskId,
    "has settled",
    (task) => isFinal(task.status) && !task.due && task.stopConfirmation !== undefined,
  );
