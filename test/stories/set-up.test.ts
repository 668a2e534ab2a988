import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { openDataDir, SetUpError } from "../../infra/local/data-dir.ts";
import { removeTree, sandboxBase } from "../../infra/local/sandbox/disk.ts";
import { useRemote } from "../support/remote.ts";
import { until } from "../support/stack.ts";
import { runStart, type Started, untilUp } from "../support/start-script.ts";

const remote = useRemote();
const task = { prompt: "Try", agent: { kind: "command", command: ["sh", "-c", "echo ran > ran"] } };
const started: Started[] = [];
const dirs: string[] = [];

const freshDir = () => {
  const dir = mkdtempSync(join(tmpdir(), "drover-setup-"));
  dirs.push(dir);
  return dir;
};
const start = (args: string[], options?: { namespacesBanned: boolean }) => {
  const run = runStart(args, options);
  started.push(run);
  return run;
};
const request = async (at: { url: string; apiKey: string }, method: string, path: string, body?: object) => {
  const headers = { "x-api-key": at.apiKey, "content-type": "application/json" };
  const response = await fetch(`${at.url}/api/orchestrator/tasks${path}`, {
    method,
    headers,
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was answered
  return { status: response.status, body: (await response.json()) as any };
};

afterEach(async () => {
  for (const { signal, exited } of started.splice(0)) {
    signal("SIGTERM");
    await exited;
  }
  // Taken out first, so that what one test leaves behind does not fail the next as well.
  const used = dirs.splice(0);
  for (const dir of used) await until(`no process is left on ${dir}`, async () => countProcesses(dir) === 0);
  for (const dir of used) {
    await removeTree(sandboxBase(dir));
    rmSync(dir, { recursive: true, force: true });
  }
});

function countProcesses(dir: string): number {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(dir);
    } catch {
      return false; // It ended while we looked.
    }
  }).length;
}

it("a port in use is named, with what to do", async () => {
  const blocker = createServer().listen(0, "127.0.0.1");
  await once(blocker, "listening");
  const { port } = blocker.address() as { port: number };
  const run = start(["--data", freshDir(), "--port", String(port)]);
  expect(await run.exited).toBe(1);
  expect(run.said()).toMatch(new RegExp(`^drover: Port ${port} on 127.0.0.1 is in use.*--port`));
  blocker.close();
});

it.each([
  [["--port", "eighty"], /--port eighty is not a port/],
  [["--prot", "1"], /--prot[\s\S]*npm start -- \[options\]/],
])("options %j are refused with the usage", async (args, words) => {
  const run = start(args as string[]);
  expect(await run.exited).toBe(1);
  expect(run.said()).toMatch(words as RegExp);
});

it("data of a newer version is left alone, and the message says what to do", async () => {
  const dir = freshDir();
  writeFileSync(join(dir, "format.json"), '{"format":99}');
  const run = start(["--data", dir, "--port", "0"]);
  expect(await run.exited).toBe(1);
  expect(run.said()).toMatch(/another version of drover.*--data PATH.*Nothing in it was changed/s);
  expect(readFileSync(join(dir, "format.json"), "utf8")).toBe('{"format":99}');
  expect(existsSync(join(dir, "lock.json"))).toBe(false);
});

it("a disk without space is named before anything is begun", () => {
  const dir = freshDir();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", dir], { stdio: "pipe" });
  } catch (error) {
    if (process.env.CI) throw error;
    return; // Only root can make a small disk.
  }
  try {
    expect(() => openDataDir(dir)).toThrow(SetUpError);
    expect(() => openDataDir(dir)).toThrow(/MiB are free.*--data/);
  } finally {
    execFileSync("umount", [dir]);
  }
});

it("requests that come while it starts are told to come again, and break nothing", async () => {
  const blocker = createServer().listen(0, "127.0.0.1");
  await once(blocker, "listening");
  const { port } = blocker.address() as { port: number };
  await new Promise((closed) => blocker.close(closed));
  const run = start(["--data", freshDir(), "--port", String(port)]);
  const seen = new Set<number>();
  await until("it is up", async () => {
    const status = await fetch(`http://127.0.0.1:${port}/health/ready`).then(
      (r) => r.status,
      () => 0,
    );
    seen.add(status);
    return status === 200;
  });
  expect([...seen].every((status) => [0, 200, 503].includes(status))).toBe(true);
  const { body } = await request(await untilUp(run), "POST", "", { ...task, repository: remote.url });
  const at = await untilUp(run);
  await until(
    "its task has run",
    async () => (await request(at, "GET", `/${body.taskId}`)).body.status === "completed",
  );
});

it("Ctrl-C while it starts leaves nothing behind; Ctrl-C in mid-task uses no attempt", async () => {
  const dir = freshDir();
  const early = start(["--data", dir, "--port", "0"]);
  await until("it has begun", async () => existsSync(join(dir, "lock.json")));
  early.signal("SIGINT");
  expect(await early.exited).toBe(0);
  expect(existsSync(join(dir, "lock.json"))).toBe(false);

  const first = start(["--data", dir, "--port", "0"]);
  const at = await untilUp(first);
  const slow = {
    ...task,
    maxAttempts: 1,
    agent: { kind: "command", command: ["sh", "-c", "sleep 2; echo ran > ran"] },
  };
  const { body } = await request(at, "POST", "", { ...slow, repository: remote.url });
  await until("it runs", async () => (await request(at, "GET", `/${body.taskId}`)).body.status === "running");
  first.signal("SIGINT");
  expect(await first.exited).toBe(0);
  const again = await untilUp(start(["--data", dir, "--port", "0"]));
  const ended = await until("it has ended", async () => {
    const now = (await request(again, "GET", `/${body.taskId}`)).body;
    return ["completed", "failed"].includes(now.status) ? now : undefined;
  });
  expect(ended).toMatchObject({ status: "completed", attempt: 2 });
});

it("secrets lie in files that only their owner can read, and Ctrl-C leaves no lock", async () => {
  const dir = freshDir();
  const run = start(["--data", dir, "--port", "0"]);
  const at = await untilUp(run);
  expect(readFileSync(join(dir, "api-key"), "utf8").trim()).toBe(at.apiKey);
  for (const file of ["api-key", "parameters.json", "remembered.json"]) {
    expect(statSync(join(dir, file)).mode & 0o077, file).toBe(0);
  }
  run.signal("SIGINT");
  expect(await run.exited).toBe(0);
  expect(existsSync(join(dir, "lock.json"))).toBe(false);
});

it("without isolation a user's task is refused with the cause and the remedy", async () => {
  const run = start(["--data", freshDir(), "--port", "0"], { namespacesBanned: true });
  const at = await untilUp(run);
  expect(run.said()).toMatch(/WARNING: agents cannot be confined here/);
  const { status, body } = await request(at, "POST", "", { ...task, repository: remote.url });
  expect(status).toBe(422);
  expect(body).toMatchObject({
    code: "isolation_unavailable",
    detail: expect.stringMatching(/namespaces.*--allow-unconfined/s),
  });
  expect((await request(at, "GET", "")).body.tasks).toEqual([]);
});

it("with --allow-unconfined it runs, and every such task is marked", async () => {
  const args = ["--data", freshDir(), "--port", "0", "--allow-unconfined"];
  const run = start(args, { namespacesBanned: true });
  const at = await untilUp(run);
  expect(run.said()).toMatch(/WARNING: agents run UNCONFINED/);
  const { body } = await request(at, "POST", "", { ...task, repository: remote.url });
  expect(body).toMatchObject({ unconfined: true });
  const ended = await until("it has ended", async () => {
    const now = (await request(at, "GET", `/${body.taskId}`)).body;
    return ["completed", "failed"].includes(now.status) ? now : undefined;
  });
  expect(ended).toMatchObject({ status: "completed", unconfined: true });
  expect(remote.git("show", `${ended.branch}:ran`)).toBe("ran\n");
});

it("--allow-unconfined takes no wall away where there is one", async () => {
  const run = start(["--data", freshDir(), "--port", "0", "--allow-unconfined"]);
  const at = await untilUp(run);
  const { body } = await request(at, "POST", "", { ...task, repository: remote.url });
  expect(body.unconfined).toBeUndefined();
});
