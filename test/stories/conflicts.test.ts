import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { hold } from "../support/fault-proxy.ts";
import { checkInvariants } from "../support/invariants.ts";
import { bash, done, failingProject, useModel } from "../support/model.ts";
import { drover, type TestRemote, useRemote } from "../support/remote.ts";
import { submit, until, untilSettled, useStack } from "../support/stack.ts";

const stack = useStack({ DROVER_LOG_UPLOAD_MS: "1" });
const model = useModel(stack);
const gates = { profile: "none" };

/** Somebody else changes a file on main and pushes. */
function moveMain(remote: TestRemote, path: string, text: string): void {
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=O", "-c", "user.email=o@localhost", ...args], { cwd: remote.workDir });
  writeFileSync(join(remote.workDir, path), text);
  git("add", "--all");
  git("commit", "--quiet", "-m", "meanwhile");
  git("push", "--quiet", remote.bareDir, "main");
}

const quiet = useRemote();
it("a base branch that moved elsewhere takes the work along: the branch stands on its new tip", async () => {
  model.script = (_, turn) => {
    if (turn > 0) return done;
    moveMain(quiet, "README.md", "# Moved\n");
    return { tools: [bash("echo ours > src/a.txt")] };
  };
  const taskId = await model.submit({ repository: quiet.url, gates });
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed" });
  expect(quiet.git("rev-list", "--count", `main..${drover(taskId)}`).trim()).toBe("1");
  expect(quiet.git("rev-parse", `${drover(taskId)}~1`)).toBe(quiet.git("rev-parse", "main"));
  expect(quiet.git("show", `${drover(taskId)}:README.md`)).toBe("# Moved\n");
  await checkInvariants(stack, [taskId]);
});

const met = useRemote();
it("where both changed the same lines the agent decides, sees both versions, and its markers never leave", async () => {
  model.script = (request, turn) => {
    if (turn === 0) {
      moveMain(met, "src/a.txt", "theirs\n");
      return { tools: [bash("echo ours > src/a.txt")] };
    }
    if (turn === 1) return done;
    // First it only says that it is done, with the markers still there.
    if (turn === 2) return done;
    if (turn === 3) return { tools: [bash("cat src/a.txt; printf 'both\\n' > src/a.txt")] };
    expect(JSON.stringify(request.messages.at(-1))).toMatch(/ours[\s\S]*theirs/);
    return done;
  };
  const taskId = await model.submit({ repository: met.url, gates });
  const task = await untilSettled(stack, taskId);
  expect(task).toMatchObject({ status: "completed", conflicts: 2 });
  expect(met.git("show", `${drover(taskId)}:src/a.txt`)).toBe("both\n");
  expect(met.git("rev-parse", `${drover(taskId)}~1`)).toBe(met.git("rev-parse", "main"));
  const events = await stack.cloud.table.listEvents(taskId, 0, 100);
  expect(events.find(({ type }) => type === "conflicted")?.data).toMatchObject({ paths: ["src/a.txt"] });
  await checkInvariants(stack, [taskId]);
});

/** Its sandbox is gone as soon as what it has made, and was given to decide, is saved. */
async function loseAttempt(taskId: `tsk_${string}`, turns: number): Promise<void> {
  const lost = await until("a call is reserved", async () => {
    const [attempt] = await stack.cloud.table.listAttempts(taskId);
    return attempt?.beat?.checkpoint && attempt.beat.spend?.turns === turns && attempt;
  });
  await stack.cloud.sandboxes("default").stop(lost.sandboxArn ?? "", "the machine is gone");
}

const decided = useRemote();
it("what was decided is kept when the sandbox is lost after it", async () => {
  const never = Promise.withResolvers<void>();
  let isLost = false;
  model.script = (_, turn) => {
    if (isLost) return done;
    if (turn === 0) {
      moveMain(decided, "src/a.txt", "theirs\n");
      return { tools: [bash("echo ours > src/a.txt")] };
    }
    if (turn === 1) return done;
    if (turn === 2) return { tools: [bash("echo both > src/a.txt")] };
    return { ...done, gate: never.promise };
  };
  const taskId = await model.submit({ repository: decided.url, gates });
  await loseAttempt(taskId, 4);
  isLost = true;
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed", attempt: 2 });
  never.resolve();
  expect(decided.git("show", `${drover(taskId)}:src/a.txt`)).toBe("both\n");
  await checkInvariants(stack, [taskId]);
});

const undecided = useRemote();
it("what was not decided yet when the sandbox was lost is asked again, and its markers never leave", async () => {
  const never = Promise.withResolvers<void>();
  let isLost = false;
  model.script = (request, turn) => {
    if (isLost) {
      if (turn === 0) expect(JSON.stringify(request.messages)).toContain("have changed the same lines");
      return [done, { tools: [bash("echo both > src/a.txt")] }][turn] ?? done;
    }
    if (turn === 0) {
      moveMain(undecided, "src/a.txt", "theirs\n");
      return { tools: [bash("echo ours > src/a.txt")] };
    }
    if (turn === 1) return done;
    if (turn === 2) return { tools: [bash("true")] };
    return { ...done, gate: never.promise };
  };
  const taskId = await model.submit({ repository: undecided.url, gates });
  await loseAttempt(taskId, 4);
  isLost = true;
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed", attempt: 2, conflicts: 2 });
  never.resolve();
  expect(undecided.git("show", `${drover(taskId)}:src/a.txt`)).toBe("both\n");
  await checkInvariants(stack, [taskId]);
});

const passing = (name: string) => `import test from "node:test";\ntest("${name}", () => undefined);\n`;
const fewer = useRemote({ ...failingProject, "add.test.mjs": passing("one"), "more.test.mjs": passing("two") });
it("the tests of a base that has moved are counted anew: where others have taken one away, it is not missed", async () => {
  model.script = (_, turn) => {
    if (turn > 0) return done;
    moveMain(fewer, "more.test.mjs", "// It stands elsewhere.\n");
    return { tools: [bash("sed -i 's/a - b/a + b/' add.mjs")] };
  };
  const taskId = await model.submit({ repository: fewer.url, gates: { gates: ["test"] } });
  const task = await untilSettled(stack, taskId);
  expect(task).toMatchObject({ status: "completed" });
  expect(task.rejections).toBeUndefined();
  await checkInvariants(stack, [taskId]);
});

const given = useRemote();
it("an agent that never decides fails the task with the paths, and nothing is pushed", async () => {
  model.script = (_, turn) => {
    if (turn > 0) return done;
    moveMain(given, "src/a.txt", "theirs\n");
    return { tools: [bash("echo ours > src/a.txt")] };
  };
  const taskId = await model.submit({ repository: given.url, gates });
  const task = await untilSettled(stack, taskId);
  expect(task).toMatchObject({ status: "failed", attempt: 1, failure: { class: "agent_error" } });
  expect(task.failure?.message).toMatch(/conflicts with what main has become, in src\/a\.txt/);
  expect(given.git("branch", "--list", drover(taskId))).toBe("");
  await checkInvariants(stack, [taskId]);
});

const command = useRemote();
it("a command that meets a conflict is run again, on what the branch has become", async () => {
  // Two requests look at the repository before it is queued, two clone it; the next looks whether it has moved.
  command.beforeRead = (count) => {
    if (count === 5) moveMain(command, "src/a.txt", "theirs\n");
  };
  const taskId = await submit(stack, { repository: command.url, command: ["sh", "-c", "echo ours > src/a.txt"] });
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed", attempt: 2 });
  expect(command.git("rev-parse", `${drover(taskId)}~1`)).toBe(command.git("rev-parse", "main"));
  expect(command.git("show", `${drover(taskId)}:src/a.txt`)).toBe("ours\n");
  await checkInvariants(stack, [taskId]);
});

const judged = useRemote();
it.each([
  ["elsewhere", "README.md", "clean", undefined],
  ["in the same place", "src/a.txt", "conflicts", ["src/a.txt"]],
] as const)("work that was judged is published as it was, and says whether it merges: main moved %s", async (_name, path, merges, paths) => {
  const held = hold();
  const rule = stack.faults.DYNAMODB.on({
    operation: "TransactWriteItems",
    match: (body) => JSON.stringify(body).includes('"work_done"'),
    do: held,
    times: 1,
  });
  const before = judged.git("rev-parse", "main").trim();
  const command = ["sh", "-c", "date +%N > src/a.txt"];
  const taskId = await submit(stack, { repository: judged.url, command });
  await held.reached;
  moveMain(judged, path, `theirs, ${path}\n`);
  held.release();
  rule.remove();
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed", merges });
  expect(judged.git("rev-parse", `${drover(taskId)}~1`).trim()).toBe(before);
  const events = await stack.cloud.table.listEvents(taskId, 0, 100);
  const tip = judged.git("rev-parse", "main").trim();
  const merge = { kind: merges, tip, ...(paths && { paths }) };
  expect(events.find(({ type }) => type === "completed")?.data.merge).toEqual(merge);
  await checkInvariants(stack, [taskId]);
});
