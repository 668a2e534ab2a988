import { expect, it } from "vitest";
import type { TaskId } from "../../functions/core/ids.ts";
import { checkInvariants } from "../support/invariants.ts";
import { useRemote } from "../support/remote.ts";
import { call, kill, submit, tasksPath, untilSettled, untilStatus, useStack } from "../support/stack.ts";

const stack = useStack({ DROVER_SLOTS: "3", DROVER_SLOTS_PER_REPOSITORY: "1", DROVER_SLOTS_PER_WORKSPACE: "2" });
const one = useRemote();
const two = useRemote({ a: "a\n" });
const three = useRemote({ b: "b\n" });
const base = "/api/orchestrator";
const endless = ["sleep", "1000"];

const statusOf = async (taskId: TaskId) => (await stack.cloud.table.getTask(taskId))?.status;
const keyOf = async (workspace: string) => {
  const { body } = await call(stack, "POST", `${base}/workspaces/${workspace}/keys`, { name: "k" });
  return { "x-api-key": String(body.apiKey) };
};
const submitAs = async (headers: Record<string, string>, repository: string, command: string[]) => {
  const request = { repository, prompt: "x", agent: { kind: "command", command } };
  return (await call(stack, "POST", tasksPath, request, headers)).body.taskId as TaskId;
};

it("a repository runs one task at a time, does not block others behind it, and goes on when it is free", async () => {
  const first = await submit(stack, { repository: one.url, command: endless });
  await untilStatus(stack, first, "running");
  const second = await submit(stack, { repository: one.url, command: endless, priority: 10 });
  const other = await submit(stack, { repository: two.url, command: endless, priority: 1 });
  await untilStatus(stack, other, "running");
  expect(await stack.cloud.table.getTask(second)).toMatchObject({
    status: "queued",
    attempt: 0,
    due: { kind: "held" },
  });
  await kill(stack, first);
  await untilStatus(stack, second, "running");
  const third = await submit(stack, { repository: three.url, command: endless });
  // The workspace has its two; a third slot is free for others only.
  await stack.local.reaper.runNow();
  expect(await statusOf(third)).toBe("queued");
  const guest = await submitAs(await keyOf("guest"), three.url, endless);
  await untilStatus(stack, guest, "running");
  const ids = [first, second, other, third, guest];
  for (const id of ids.slice(1)) await kill(stack, id);
  for (const id of ids) await untilSettled(stack, id);
  await checkInvariants(stack, ids);
});

it("a long queue of one workspace does not keep another one waiting", async () => {
  await call(stack, "POST", `${base}/global/pause`, { reason: "build a queue" });
  const mine: TaskId[] = [];
  for (let n = 0; n < 12; n += 1)
    mine.push(await submit(stack, { repository: one.url, command: ["true"], priority: 10 }));
  const guest = await keyOf("small");
  const theirs = [await submitAs(guest, two.url, ["true"]), await submitAs(guest, three.url, ["true"])];
  await call(stack, "POST", `${base}/global/resume`, { reason: "go" });
  for (const id of theirs) await untilSettled(stack, id);
  const ended = await Promise.all(mine.map(statusOf));
  expect(ended.filter((status) => status === "completed").length).toBeLessThanOrEqual(4);
  for (const id of [...mine, ...theirs]) await untilSettled(stack, id);
  await checkInvariants(stack, [...mine, ...theirs]);
});
