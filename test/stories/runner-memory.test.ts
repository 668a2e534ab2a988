import { expect, it } from "vitest";
import { sealedNode } from "../../infra/sandbox-containers.ts";
import { useRemote } from "../support/remote.ts";
import { call, submit, tasksPath, untilSettled, useStack } from "../support/stack.ts";

const stack = useStack();
const remote = useRemote();

/** Opens the memory of the runner for writing, then that of a child of its own. */
const program = `
const fs = require("node:fs");
const open = (pid) => {
  try {
    fs.closeSync(fs.openSync("/proc/" + pid + "/mem", "r+"));
    return "opened";
  } catch (error) {
    return error.code;
  }
};
const isRunner = (pid) => fs.readFileSync("/proc/" + pid + "/cmdline", "utf8").startsWith("${sealedNode}");
const pids = fs.readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name));
const own = require("node:child_process").spawn("sleep", ["5"]);
console.log("runner:", ...pids.filter(isRunner).map(open));
console.log("its own child:", open(own.pid));
own.kill();
`;

it("no command can write into the memory of the runner it runs under, though it has the same user", async () => {
  const taskId = await submit(stack, { repository: remote.url, command: ["node", "-e", program] });
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed", noChanges: true });
  const log = (await call(stack, "GET", `${tasksPath}/${taskId}/log`)).body;
  expect(log).toMatch(/^runner: EACCES$/m);
  expect(log).toMatch(/^its own child: opened$/m);
});
