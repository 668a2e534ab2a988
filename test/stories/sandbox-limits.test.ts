import { expect, it } from "vitest";
import { checkInvariants } from "../support/invariants.ts";
import { useRemote } from "../support/remote.ts";
import { call, submit, tasksPath, untilSettled, useStack } from "../support/stack.ts";

const stack = useStack({
  DROVER_SANDBOX_MEMORY_MB: "384",
  DROVER_SANDBOX_PROCESSES: "200",
  DROVER_SANDBOX_DISK_MB: "64",
});
const remote = useRemote();

const node = (script: string) => ["node", "-e", script];
const isRoot = process.getuid?.() === 0;

it.each<[string, string[], RegExp]>([
  [
    "memory",
    node("globalThis.kept = Buffer.alloc(600 << 20, 1); setTimeout(() => {}, 60_000)"),
    /^The sandbox used more than its 384 MB of memory\. /,
  ],
  [
    "processes",
    ["perl", "-e", "for (;;) { fork }"],
    /^The sandbox ran all of its 200 processes and threads at once\. /,
  ],
  [
    "disk",
    ["sh", "-c", "head -c 60M /dev/zero > a; head -c 60M /dev/zero > b || exit 3; sleep 60"],
    isRoot
      ? /ended with exit code 3, and the sandbox's disk is full\./
      : /^The sandbox wrote more than its 64 MB of disk\. /,
  ],
])("a task whose sandbox takes too much %s fails at once, with that as its cause", async (_what, command, message) => {
  const taskId = await submit(stack, { repository: remote.url, command });
  const task = await untilSettled(stack, taskId);
  expect(task).toMatchObject({ status: "failed", attempt: 1, failure: { class: "agent_error" } });
  expect(task.failure?.message).toMatch(message);
  await checkInvariants(stack, [taskId]);
});

it("what the limits are and who keeps them stands in every log, and what is only measured on the task", async () => {
  const taskId = await submit(stack, { repository: remote.url, command: ["true"] });
  const task = await untilSettled(stack, taskId);
  expect(task.status).toBe("completed");
  const { isolation } = stack.local;
  const measured = isolation.kind === "confined" ? isolation.measured : undefined;
  expect((await call(stack, "GET", `${tasksPath}/${taskId}`)).body.measuredLimits).toEqual(measured);
  const { body } = await call(stack, "GET", `${tasksPath}/${taskId}/log`);
  expect(body).toMatch(/^\[drover\] limit of this sandbox: memory: 384 MB, (kept by a cgroup|measured, since .+)$/m);
  expect(body).toMatch(/^\[drover\] limit of this sandbox: disk: 64 MB, (kept by|measured, since) .+$/m);
});
