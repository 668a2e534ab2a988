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
const perl = (script: string) => ["perl", "-e", script];
const fileTooLarge = /(since|and it says that) a file grew larger than a file may be in the sandbox\. /;
const isRoot = process.getuid?.() === 0;

it.each<[string, string[], RegExp]>([
  [
    "memory",
    node("globalThis.kept = Buffer.alloc(600 << 20, 1); setTimeout(() => {}, 60_000)"),
    /^The sandbox used more than its 384 MB of memory\. /,
  ],
  ["processes", perl("for (;;) { fork }"), /^The sandbox ran all of its 200 processes and threads at once\. /],
  [
    "disk",
    ["sh", "-c", "head -c 60M /dev/zero > a; head -c 60M /dev/zero > b || exit 3; sleep 60"],
    isRoot
      ? /ended with exit code 3, and the sandbox's disk is full\./
      : /^The sandbox wrote more than its 64 MB of disk\. /,
  ],
  ["room for one file", ["truncate", "-s", "100M", "large"], fileTooLarge],
  // Whoever ignores the signal gets an error, and passes on what it says.
  [
    "room for one file, and knows it",
    perl(`$SIG{XFSZ} = "IGNORE"; open F, ">", "large"; truncate F, 100 << 20 or die "$!\\n"`),
    fileTooLarge,
  ],
  [
    "open files",
    perl(`open $f[$_], "<", "/dev/null" or die "$!\\n" for 1 .. 20_000`),
    /and it says that it had too many files open for the sandbox\. /,
  ],
  ["time", ["sleep", "60"], /^The command ran longer than its limit of 2000 ms and was killed\.$/],
])("a task whose sandbox takes too much %s fails at once, with that as its cause", async (what, command, message) => {
  const limits = what === "time" ? { limits: { wallClockMs: 2_000 } } : {};
  const taskId = await submit(stack, { repository: remote.url, command, ...limits });
  const task = await untilSettled(stack, taskId);
  const failureClass = what === "time" ? "timeout" : "agent_error";
  expect(task).toMatchObject({ status: "failed", attempt: 1, failure: { class: failureClass } });
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
