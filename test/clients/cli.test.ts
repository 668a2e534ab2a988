import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { drover, type RunOptions, toStack } from "../support/drover.ts";
import { checkInvariants } from "../support/invariants.ts";
import { failingProject } from "../support/model.ts";
import { useRemote } from "../support/remote.ts";
import { call, kill, submit, tasksPath, untilSettled, untilStatus, useStack } from "../support/stack.ts";

const stack = useStack();
const remote = useRemote();
const judged = useRemote({
  ...failingProject,
  "package.json": '{ "type": "module", "scripts": { "test": "node --test", "lint": "echo clean" } }\n',
});
const dir = mkdtempSync(join(tmpdir(), "drover-cli-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

type TaskId = `tsk_${string}`;
const cli = (args: string[], options: RunOptions = {}) =>
  drover(args, { ...options, cwd: options.cwd ?? dir, env: { ...toStack(stack), ...options.env } });
const run = (script: string, options: string[] = [], how: RunOptions = {}) =>
  cli(["run", "-r", remote.url, ...options, "--", "sh", "-c", script], how);
const lines = (text: string) => text.trim().split("\n");
const taskIdIn = (text: string) => /tsk_[0-9A-Z]{26}/.exec(text)?.[0] as TaskId;
const ESC = "\u001b";

describe("run", () => {
  it("follows a task to its end, and leaves 0 when it has completed", async () => {
    const { code, stdout } = await run("echo from the agent; echo ran > ran", ["--title", "A try", "-l", "one,two"]);
    expect(code, stdout).toBe(0);
    const taskId = taskIdIn(stdout);
    expect(stdout).toContain(`${taskId}  A try`);
    expect(stdout).toMatch(/│ from the agent/);
    for (const status of ["launching", "running", "publishing", "completed"]) expect(stdout).toContain(status);
    expect(stdout).toContain(`drover/${taskId} at ${remote.git("rev-parse", `drover/${taskId}`).slice(0, 12)}`);
    expect(stdout).not.toContain(ESC);
    expect((await call(stack, "GET", `${tasksPath}/${taskId}`)).body.labels).toEqual(["one", "two"]);
    await checkInvariants(stack, [taskId]);
  });

  it("leaves 1 when the task failed, and says why and what to do next", async () => {
    const { code, stdout } = await run("exit 3", ["--max-attempts", "1"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/failed after .*exit code 3/);
    expect(stdout).toContain("drover retry tsk_");
  });

  it("leaves 3 when the task was killed by somebody else", async () => {
    let killed = false;
    const onOutput = (said: string) => {
      if (killed || !said.includes("│ up")) return;
      killed = true;
      void kill(stack, taskIdIn(said), "enough of it");
    };
    const { code, stdout } = await run("echo up; sleep 60", [], { onOutput });
    expect(code).toBe(3);
    expect(stdout).toMatch(/killed after .*enough of it/);
  });

  it("is left by Ctrl-C, which says that the task goes on and how to kill it", async () => {
    let interrupted = false;
    const { code, stdout, stderr } = await run("echo up; sleep 60", [], {
      onOutput: (said, child) => {
        if (!interrupted && said.includes("│ up")) interrupted = child.kill("SIGINT");
      },
    });
    const taskId = taskIdIn(stdout);
    expect(code).toBe(130);
    expect(stderr).toContain(`drover kill ${taskId} --reason`);
    expect((await call(stack, "GET", `${tasksPath}/${taskId}`)).body.status).not.toMatch(/completed|failed|killed/);
    const mixed = await cli(["logs", "-f", "--attempt", "1", taskId]);
    expect(mixed).toMatchObject({ code: 2, stderr: expect.stringContaining("leave out --attempt, or -f") });
    const killed = await cli(["kill", taskId, "--reason", "the test is over"]);
    expect(killed).toMatchObject({ code: 0, stdout: expect.stringContaining(`${taskId} is killed`) });
    await untilSettled(stack, taskId);
  });

  it("speaks NDJSON to a program: what was submitted, every event, and the task as it ended", async () => {
    const { code, stdout } = await run("echo ran > ran", ["--json"]);
    const said = lines(stdout).map((line) => JSON.parse(line));
    expect(code).toBe(0);
    expect(said[0]).toMatchObject({ kind: "submitted", task: { status: "queued" } });
    const versions = said.flatMap(({ kind, event }) => (kind === "audit" ? event.version : []));
    expect(versions).toEqual(versions.map((_, index) => index + 1));
    expect(said.at(-1)).toMatchObject({ kind: "task", task: { status: "completed" } });
  });

  it("takes the repository that one stands in, and reads the prompt from the standard input", async () => {
    const inside = join(remote.workDir, "src");
    const options = ["-p", "-", "--priority", "7", "--time", "10m", "--detach", "--json"];
    const { code, stdout, stderr } = await cli(["run", ...options, "--", "true"], {
      cwd: inside,
      input: "Do nothing\n",
    });
    expect(code, stderr).toBe(0);
    const task = JSON.parse(stdout);
    expect(task).toMatchObject({ repository: remote.workDir, prompt: "Do nothing", priority: 7 });
    expect(task.limits.wallClockMs).toBe(600_000);
    await untilSettled(stack, task.taskId);
  });
});

describe("what an agent printed", () => {
  it("is printed as it is into a pipe, and cannot steer a terminal", async () => {
    const taskId = await submit(stack, {
      repository: remote.url,
      command: ["printf", "a\\033]0;owned\\007b\\033[2Jc\\n"],
    });
    await untilSettled(stack, taskId);
    expect((await cli(["logs", taskId])).stdout).toContain(`${ESC}]0;owned`);
    const seen = await cli(["logs", taskId], { columns: 80 });
    expect(seen.stdout).not.toContain(ESC);
    expect(seen.stdout).toContain("abc");
  });

  it("is followed by logs -f without gap or repetition, and the exit code is the task's end", async () => {
    const taskId = await submit(stack, {
      repository: remote.url,
      command: ["sh", "-c", "for i in 1 2 3 4 5; do echo line $i; sleep 0.3; done; exit 4"],
      maxAttempts: 1,
    });
    await untilStatus(stack, taskId, "running");
    const { code, stdout } = await cli(["logs", "-f", taskId]);
    expect(code).toBe(1);
    const events = (await stack.cloud.table.listEvents(taskId, 0, 100)).map(({ type, data }) => ({ type, data }));
    expect(
      lines(stdout).filter((line) => line.startsWith("line")),
      JSON.stringify(events),
    ).toEqual([1, 2, 3, 4, 5].map((n) => `line ${n}`));
    expect((await cli(["logs", "-f", taskId])).code).toBe(1);
  });

  it("and what it changed is a diff that git applies", async () => {
    const taskId = await submit(stack, { repository: remote.url, command: ["sh", "-c", "echo two > src/a.txt"] });
    await untilSettled(stack, taskId);
    const { code, stdout } = await cli(["diff", taskId]);
    expect(code).toBe(0);
    writeFileSync(join(dir, "change.diff"), stdout);
    expect(stdout).toContain("-one\n+two");
    const seen = await cli(["diff", taskId], { columns: 100 });
    expect(seen.stdout).toContain(`${ESC}[32m+two`);
    expect((await cli(["diff", taskId], { columns: 100, env: { NO_COLOR: "1" } })).stdout).not.toContain(ESC);
  });
});

it("what the gates said of a task is shown with it: each verdict, what it rests on where it is none to be glad of, and all of it for a program", async () => {
  const taskId = await submit(stack, {
    repository: judged.url,
    command: ["sh", "-c", "echo more >> NOTES.md"],
    gates: { gates: ["test", "lint"] },
    maxAttempts: 1,
  });
  const before = await cli(["show", taskId]);
  expect([before.code, before.stdout.includes("VERDICT")]).toEqual([0, false]);
  await untilSettled(stack, taskId);
  const { stdout } = await cli(["show", taskId], { columns: 100 });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are looked at below
  const plain = stdout.replaceAll(/\u001b\[\d+m/g, "");
  expect(plain).toMatch(/Round 1 of the gates, on [0-9a-f]{12}:\s+GATE +VERDICT +TOOK +SAID/);
  expect(plain).toMatch(/\ntest +failed +\d+\.\ds +\S/);
  expect(plain).toMatch(/\nlint +passed +\d+\.\ds +\S/);
  expect(stdout).toContain(`${ESC}[31mfailed`);
  expect(plain).toMatch(/test expected +\S[\s\S]*said +[\s\S]*adds/);
  const { verdicts, status } = JSON.parse((await cli(["show", taskId, "--json"])).stdout);
  expect(status).toBe("failed");
  const told = (await call(stack, "GET", `${tasksPath}/${taskId}/verdicts`)).body;
  expect(verdicts).toEqual(JSON.parse(told));
});

describe("lists", () => {
  it("fit into the terminal without cutting an id, are plain in a pipe, and one document for a program", async () => {
    const title = "A title that is much too long for any terminal of seventy columns, and therefore cut";
    const taskId = await submit(stack, { repository: remote.url, command: ["true"], title, labels: ["long"] });
    await untilSettled(stack, taskId);
    const seen = await cli(["ls", "--label", "long"], { columns: 74 });
    const [, row = ""] = lines(seen.stdout);
    expect(row).toContain(`${ESC}[32mcompleted`);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours take no room
    expect(row.replaceAll(/\u001b\[\d+m/g, "").trimEnd().length).toBeLessThanOrEqual(74);
    expect(row).toContain(taskId);
    expect(row).toContain("…");
    const piped = await cli(["ls", "--label", "long"]);
    expect(piped.stdout).toContain(title);
    expect(piped.stdout).not.toContain(ESC);
    const { tasks } = JSON.parse((await cli(["ls", "--label", "long", "--status", "completed", "--json"])).stdout);
    expect(tasks).toMatchObject([{ taskId, title }]);
    const shown = await cli(["show", taskId]);
    expect(shown.stdout).toContain(`agt_${taskId.slice(4)}_1`);
    expect(JSON.parse((await cli(["show", taskId, "--json"])).stdout)).toMatchObject({ taskId, attempts: [{}] });
  });

  it("say so when they are empty, on the other stream", async () => {
    const { code, stdout, stderr } = await cli(["ls", "--label", "nobody-has-this"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr).toContain("drover run --help");
  });

  it("go on with --watch, and show what happens until they are left", async () => {
    let isSubmitted = false;
    let taskId: TaskId | undefined;
    const isOver = (line: string) => taskId && line.includes(taskId) && line.includes('"cleanup"');
    const { code, stdout } = await cli(["ls", "--watch", "--json"], {
      onOutput: (said, child) => {
        if (!isSubmitted) {
          isSubmitted = true;
          void submit(stack, { repository: remote.url, command: ["true"] }).then((made) => (taskId = made));
        }
        if (lines(said).some(isOver)) child.kill("SIGINT");
      },
    });
    expect(code).toBe(0);
    const events = lines(stdout).map((line) => JSON.parse(line));
    expect(events[0].kind).toBe("snapshot");
    expect(events.some(({ event }) => event?.taskId === taskId && event.type === "cleanup")).toBe(true);
  });
});

describe("what may stand in the command line", () => {
  it.each([
    [["frob"], /unknown command 'frob'/],
    [["run", "--frob", "--", "true"], /unknown option '--frob'/],
    [["run"], /--prompt TEXT for a model agent, or a command after --/],
    [["run", "--model", "x", "--", "true"], /no --model: that is of a model agent/],
    [["run", "-r", "https://h/x", "--draft", "--", "true"], /add --pull-request/],
    [["run", "-p", "@/nonexistent/prompt"], /cannot be read from|in no git repository/],
    [
      ["run", "--workspace", "another", "-r", "https://h/x", "--", "true"],
      /this one's is default. Use a key of another/,
    ],
    [["mcp", "--workspace", "another"], /makes tasks in its own workspace/],
    [["run", "--time", "soon", "--", "true"], /a time, like 90s/],
    [["run", "--dollars", "much", "-p", "x"], /an amount, like 2.50/],
    [["run", "--priority", "high", "--", "true"], /a whole number/],
    [["run", "--", "true"], /in no git repository/],
    [["ls", "--status", "done"], /Allowed choices are queued/],
    [["kill", "tsk_x"], /required option '--reason <text>'/],
    [["show"], /missing required argument 'task'/],
    [["credentials", "set", "x", "--from-env", "NO_SUCH"], /no NO_SUCH/],
    [["credentials", "set", "x", "--region", "r"], /add --model/],
    [["completion", "tcsh"], /Allowed choices are zsh/],
    [["ls", "--url", "nowhere"], /not an address/],
    [["ls", "--key-file", "/nonexistent/key"], /The key cannot be read/],
    [["logs", "tsk_x", "--attempt", "last"], /a whole number/],
  ])("is refused where it is not right: %j", async (args, what) => {
    const { code, stdout, stderr } = await cli(args);
    expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(what);
    expect(lines(stderr).length).toBeLessThanOrEqual(2);
    expect(stderr).toMatch(/^drover: /);
  });

  it.each([
    [["show", "tsk_01K0000000000000000000000A"], /There is no task tsk_01K/],
    [["run", "-r", "https://127.0.0.1:1/none", "--", "true"], /127\.0\.0\.1:1/],
    [["run", "-r", "x", "--priority", "99", "--", "true"], /priority/],
    [["run", "-r", "x", "--profile", "huge", "--", "true"], /huge/],
    [["edit", "tsk_01K0000000000000000000000A", "--priority", "3"], /There is no task/],
    [["keys", "revoke", "key_none"], /key_none/],
    [["webhooks", "deliveries", "none"], /none/],
    [["backends", "test", "nowhere"], /nowhere/],
    [["ls", "--workspace", "BAD NAME"], /lower-case/],
  ])("and what drover refuses is said in its own words: %j", async (args, what) => {
    const { code, stdout, stderr } = await cli(args);
    expect({ code, stdout }, stderr).toEqual({ code: 4, stdout: "" });
    expect(stderr).toMatch(what);
    expect(lines(stderr)).toHaveLength(1);
  });
});

describe("where drover is", () => {
  const nobody = { DROVER_URL: "", DROVER_API_KEY: "" };
  const home = join(dir, "home");
  const inside = join(home, "some", "where");

  it("is found by the .drover directory above, which the stack leaves", async () => {
    const { code, stdout } = await drover(["whoami", "--json"], { cwd: stack.dataDir, env: toStack(stack) });
    expect({ code, url: JSON.parse(stdout).url }).toEqual({ code: 0, url: stack.local.url });
    mkdirSync(join(home, ".drover"), { recursive: true });
    mkdirSync(inside, { recursive: true });
    for (const [name, text] of [
      ["url", stack.local.url],
      ["api-key", stack.local.apiKey],
    ] as const) {
      writeFileSync(join(home, ".drover", name), `${text}\n`);
    }
    const found = await drover(["whoami"], { cwd: inside, env: nobody });
    expect(found.stdout).toContain(`${stack.local.url} (from ${join(home, ".drover", "url")})`);
  });

  it("is said to be unknown, or silent, with what to do", async () => {
    const unknown = await drover(["ls"], { cwd: dir, env: nobody });
    expect(unknown).toMatchObject({ code: 5, stderr: expect.stringContaining("drover up") });
    const silent = await drover(["ls"], { cwd: dir, env: { DROVER_URL: "http://127.0.0.1:9", DROVER_API_KEY: "x" } });
    expect(silent).toMatchObject({ code: 5, stderr: expect.stringMatching(/Nobody answers .*drover up/) });
  });

  it("gets the local key only on this machine", async () => {
    const elsewhere = await drover(["ls", "--url", "http://drover.example.com"], { cwd: inside, env: nobody });
    expect(elsewhere).toMatchObject({ code: 5, stderr: expect.stringContaining("No API key is known") });
  });

  it("and a key that is wrong is refused", async () => {
    const { code, stderr } = await cli(["ls"], { env: { DROVER_API_KEY: "drv_wrong" } });
    expect({ code, stderr }).toMatchObject({ code: 4, stderr: expect.stringContaining("API key") });
  });
});
