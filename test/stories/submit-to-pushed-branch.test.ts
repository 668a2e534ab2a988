import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { checkInvariants } from "../support/invariants.ts";
import { drover, useRemote } from "../support/remote.ts";
import { call, submit, tasksPath, untilSettled, useStack } from "../support/stack.ts";

const stack = useStack();
const remote = useRemote();
const closed = useRemote({ "a.txt": "a\n" }, "a-token");
const sh = (script: string) => ["sh", "-c", script];
const failureOf = async (taskId: string) => (await call(stack, "GET", `${tasksPath}/${taskId}`)).body.failure;

it("a task goes in, a pushed branch comes out", async () => {
  const taskId = await submit(stack, {
    repository: remote.url,
    prompt: "Change, add and delete\n\nAnd say why.",
    command: sh("echo working; echo ONE > src/a.txt; rm src/b.txt; printf '#!/bin/sh\\n' > run.sh; chmod +x run.sh"),
  });
  const task = await untilSettled(stack, taskId);
  expect(task).toMatchObject({ status: "completed", branch: drover(taskId), publishOutcome: "pushed", attempt: 1 });
  expect(remote.git("rev-parse", drover(taskId)).trim()).toBe(task.commit);
  expect(remote.git("diff", "--name-status", `main..${drover(taskId)}`)).toBe(
    "A\trun.sh\nM\tsrc/a.txt\nD\tsrc/b.txt\n",
  );
  expect(remote.git("ls-tree", drover(taskId), "run.sh")).toMatch(/^100755 /);
  expect(remote.git("log", "-1", "--format=%B", drover(taskId))).toContain(
    `Change, add and delete\n\nChange, add and delete\n\nAnd say why.\n\nDrover-Task: ${taskId}`,
  );
  const log = await call(stack, "GET", `${tasksPath}/${taskId}/log`);
  expect(log.body).toContain("working\n");
  const diff = await call(stack, "GET", `${tasksPath}/${taskId}/diff`);
  expect(diff.body).toContain("diff --git a/src/a.txt b/src/a.txt");
  await checkInvariants(stack, [taskId]);
});

it("a local path works like a remote, and its work tree is left alone", async () => {
  const taskId = await submit(stack, { repository: remote.workDir, command: sh("echo local > src/a.txt") });
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed" });
  const show = await call(stack, "GET", `${tasksPath}/${taskId}`);
  expect(show.body).toMatchObject({ repository: remote.workDir, baseBranch: "main" });
  await checkInvariants(stack, [taskId]);
});

it("a remote with a token is reached with the workspace's credential, which is shown nowhere", async () => {
  const path = "/api/orchestrator/workspaces/default/credentials/git";
  expect((await call(stack, "PUT", path, { token: "a-token" })).status).toBe(204);
  const taskId = await submit(stack, {
    repository: closed.url,
    credential: "git",
    command: sh("echo b > b.txt; env; cat /proc/*/environ || true"),
  });
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed" });
  const [show, log, events] = await Promise.all([
    call(stack, "GET", `${tasksPath}/${taskId}`),
    call(stack, "GET", `${tasksPath}/${taskId}/log`),
    stack.cloud.table.listEvents(taskId, 0, 100),
  ]);
  expect(JSON.stringify([show.body, log.body, events])).not.toContain("a-token");
  await checkInvariants(stack, [taskId]);
});

it("a task that changes nothing completes with no changes and pushes nothing", async () => {
  const taskId = await submit(stack, { repository: remote.url, command: ["true"] });
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed", noChanges: true });
  expect(remote.git("branch", "--list", drover(taskId))).toBe("");
  await checkInvariants(stack, [taskId]);
});

it("files that the repository ignores are not part of the work", async () => {
  const command = sh("echo junk > .gitignore; echo x > junk; mkdir deep; echo y > deep/file");
  const taskId = await submit(stack, { repository: remote.url, command });
  await untilSettled(stack, taskId);
  expect(remote.git("diff", "--name-only", `main..${drover(taskId)}`)).toBe(".gitignore\ndeep/file\n");
});

it("what the agent made unreadable is still there; what it made special is left as it was, and the log says so", async () => {
  const command = sh("echo new > src/a.txt; chmod 000 src; rm README.md; mkfifo README.md; echo new > new.txt");
  const taskId = await submit(stack, { repository: remote.url, command });
  await untilSettled(stack, taskId);
  expect(remote.git("diff", "--name-only", `main..${drover(taskId)}`)).toBe("new.txt\nsrc/a.txt\n");
  const { body } = await call(stack, "GET", `${tasksPath}/${taskId}/log`);
  expect(body).toMatch(/"README.md" is left out/);
});

it("a server that refuses the push at length is quoted, and the task is not tried again", async () => {
  const hook = join(remote.bareDir, "hooks", "pre-receive");
  writeFileSync(hook, "#!/bin/sh\nyes 'the policy says no' | head -c 5000 >&2\nexit 1\n", { mode: 0o755 });
  const taskId = await submit(stack, { repository: remote.url, command: sh("echo x > x") });
  const task = await untilSettled(stack, taskId);
  rmSync(hook);
  expect(task).toMatchObject({
    status: "failed",
    attempt: 1,
    failure: { class: "poison" },
    publishOutcome: "not_pushed",
  });
  expect(task.failure?.message).toContain("the policy says no");
  await checkInvariants(stack, [taskId]);
});

it.each([
  ["nothing", ["false"], 'The command "false" ended with exit code 1. It printed nothing.'],
  [
    "one line",
    ["sh", "-c", "echo it broke; exit 7"],
    'The command "sh" ended with exit code 7. Its last output: it broke',
  ],
])("the failure of a command that printed %s passes off no line of drover's as its words", async (_name, command, message) => {
  const taskId = await submit(stack, { repository: remote.url, command });
  const { failure } = await untilSettled(stack, taskId);
  expect(failure).toEqual({ class: "agent_error", message });
});

it("a command that fails fails its task with the exit code and its last words", async () => {
  const taskId = await submit(stack, { repository: remote.url, command: sh("echo it broke >&2; exit 7") });
  expect(await untilSettled(stack, taskId)).toMatchObject({
    status: "failed",
    attempt: 1,
    stopConfirmation: "stopped",
  });
  const { class: failureClass, message } = await failureOf(taskId);
  expect(failureClass).toBe("agent_error");
  expect(message).toMatch(/exit code 7[\s\S]*it broke/);
  await checkInvariants(stack, [taskId]);
});

it("a command that does not exist is named, with what to do", async () => {
  const taskId = await submit(stack, { repository: remote.url, command: ["no-such-program"] });
  await untilSettled(stack, taskId);
  expect((await failureOf(taskId)).message).toMatch(/"no-such-program" does not exist in the sandbox/);
});

it("a command over its time limit is killed, with all that it started", async () => {
  const command = sh("sleep 1000 & sleep 1000");
  const taskId = await submit(stack, { repository: remote.url, command, limits: { wallClockMs: 1_000 } });
  await untilSettled(stack, taskId);
  expect(await failureOf(taskId)).toMatchObject({ class: "timeout", message: expect.stringContaining("1000 ms") });
  await checkInvariants(stack, [taskId]);
});

it("a flood of output is capped, and the log says what was left out", async () => {
  const taskId = await submit(stack, {
    repository: remote.url,
    command: sh("echo first; yes | head -c 20000000; echo last"),
  });
  await untilSettled(stack, taskId);
  const { body } = await call(stack, "GET", `${tasksPath}/${taskId}/log`);
  expect(body.length).toBeLessThan(1_200_000);
  expect(body).toMatch(/first\n/);
  expect(body).toMatch(/bytes of output were left out here/);
  expect(body).toMatch(/last\n/);
});

it("a branch name that somebody else has taken gets a number behind it", async () => {
  const slow = await submit(stack, {
    repository: remote.url,
    command: sh("until [ -e /tmp/never ]; do sleep 0.05; [ $((i=i+1)) -gt 15 ] && break; done; echo z > z"),
  });
  remote.git("branch", drover(slow), "main");
  expect(await untilSettled(stack, slow)).toMatchObject({ status: "completed", branch: `${drover(slow)}-2` });
  expect(remote.git("rev-parse", drover(slow))).toBe(remote.git("rev-parse", "main"));
});

it("npx works in the sandbox: packages come through the proxy, and nothing else does", async () => {
  const elsewhere =
    "fetch('https://example.com').catch(() => fetch('http://169.254.169.254/')).catch((e) => console.log('no way out'))";
  const taskId = await submit(stack, {
    repository: remote.url,
    command: sh(`printf 'a:   [1,2]\n' > a.yaml && npx --yes prettier@3.6.2 --write a.yaml && node -e "${elsewhere}"`),
  });
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed" });
  expect(remote.git("show", `${drover(taskId)}:a.yaml`)).toBe("a: [1, 2]\n");
  const { body } = await call(stack, "GET", `${tasksPath}/${taskId}/log`);
  expect(body).toMatch(/no way out/);
  expect(body).toMatch(/\[drover\] refused the agent a connection to example.com:443: not on the allowlist/);
});
