import { resolve } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toStack } from "../support/drover.ts";
import { bash, useModel } from "../support/model.ts";
import { useRemote } from "../support/remote.ts";
import { untilSettled, untilStatus, useStack } from "../support/stack.ts";

const stack = useStack();
const remote = useRemote();
const model = useModel(stack);
const assistant = new Client({ name: "a test", version: "1" });

beforeAll(async () => {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [resolve(import.meta.dirname, "../../scripts/drover.mjs"), "mcp"],
    env: { PATH: process.env.PATH ?? "", ...toStack(stack) },
  });
  await assistant.connect(transport);
});
afterAll(() => assistant.close());

/** A tool's words, and whether they are an error. */
async function use(name: string, args: Record<string, unknown>) {
  const { content, isError = false } = await assistant.callTool({ name, arguments: args });
  const [first] = content as { type: string; text: string }[];
  return { text: first?.text ?? "", isError };
}
const good = async (name: string, args: Record<string, unknown>) => {
  const { text, isError } = await use(name, args);
  expect(isError, text).toBe(false);
  return text;
};
// biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was answered
const asJson = async (name: string, args: Record<string, unknown>): Promise<any> => JSON.parse(await good(name, args));
const submitCommand = (script: string) =>
  asJson("submit_task", { repository: remote.url, prompt: "Try", command: ["sh", "-c", script], labels: ["by-mcp"] });

it("the tools are there, and those that only look say so", async () => {
  const { tools } = await assistant.listTools();
  const looking = tools.filter(({ annotations }) => annotations?.readOnlyHint).map(({ name }) => name);
  expect(looking.sort()).toEqual(["list_tasks", "read_diff", "read_log", "show_task", "wait_for_task"]);
  const acting = tools.filter(({ name }) => !looking.includes(name)).map(({ name }) => name);
  expect(acting.sort()).toEqual(["kill_task", "retry_task", "send_message", "submit_task"]);
  expect(assistant.getInstructions()).toContain("wait_for_task");
});

it("an assistant submits a task, waits for it, and reads what it printed and changed", async () => {
  const { taskId, status } = await submitCommand("echo from the agent; echo two > src/a.txt");
  expect(status).toBe("queued");
  expect(await asJson("wait_for_task", { taskId })).toMatchObject({ status: "completed", branch: `drover/${taskId}` });
  expect(await good("read_log", { taskId })).toContain("from the agent");
  expect(await good("read_diff", { taskId })).toContain("-one\n+two");
  expect(await good("read_diff", { taskId, maxCharacters: 100 })).toMatch(/characters after this were left out\]$/);
  expect(await asJson("show_task", { taskId })).toMatchObject({ taskId, attempts: [{ state: "completed" }] });
  const { tasks } = await asJson("list_tasks", { label: "by-mcp", status: "completed" });
  expect(tasks).toMatchObject([{ taskId }]);
});

it("it waits no longer than it said, kills with a reason, and asks again", async () => {
  const { taskId } = await submitCommand("sleep 60");
  await untilStatus(stack, taskId, "running");
  expect(await asJson("wait_for_task", { taskId, seconds: 1 })).toMatchObject({ status: "running" });
  expect(await asJson("kill_task", { taskId, reason: "enough" })).toMatchObject({
    status: "killed",
    killed: { reason: "enough" },
  });
  const again = await asJson("retry_task", { taskId });
  expect(again.retryOf).toBe(taskId);
  await good("kill_task", { taskId: again.taskId, reason: "enough of that, too" });
  for (const id of [taskId, again.taskId]) await untilSettled(stack, id);
});

it("it speaks to a model agent", async () => {
  model.script = [{ tools: [bash("sleep 60")] }];
  const { taskId } = await asJson("submit_task", { repository: remote.url, prompt: "Wait", gates: [] });
  expect(await asJson("send_message", { taskId, text: "Leave the parser alone" })).toMatchObject({ number: 1 });
  await good("kill_task", { taskId, reason: "said what was to say" });
  await untilSettled(stack, taskId);
});

describe("what drover refuses is a tool's error, in its own words", () => {
  it.each([
    ["show_task", { taskId: "tsk_01K0000000000000000000000A" }, /There is no task/],
    ["wait_for_task", { taskId: "nonsense" }, /There is no task nonsense/],
    ["read_diff", { taskId: "tsk_01K0000000000000000000000A" }, /There is no task/],
    ["submit_task", { repository: "https://127.0.0.1:1/x", prompt: "Try", command: ["true"] }, /127\.0\.0\.1:1/],
    ["submit_task", { repository: "x", prompt: "Try", command: [] }, /name at least the program/],
    ["submit_task", { repository: "x", prompt: "Try", tokn: 1 }, /tokn/],
    ["kill_task", { taskId: "tsk_01K0000000000000000000000A" }, /reason/],
  ])("%s %j", async (name, args, what) => {
    const { text, isError } = await use(name, args);
    expect(isError, text).toBe(true);
    expect(text).toMatch(what);
  });
});
