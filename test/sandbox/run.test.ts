import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { collectRun, lives, startRunner, until, within } from "./harness.ts";

const node = process.execPath;
/** Prints its pid, so that the test can see whether it lives. */
const forever = "process.stdout.write(process.pid + '\\n'); setInterval(() => {}, 1000)";

it("a command's output, exit code and signal come back, stream by stream", async () => {
  const { sandbox } = await startRunner();
  expect(await collectRun(sandbox, ["sh", "-c", "echo out; echo err >&2; exit 3"])).toEqual({
    stdout: "out\n",
    stderr: "err\n",
    result: { exitCode: 3, signal: null, timedOut: false, cancelled: false },
  });
  const killed = await collectRun(sandbox, ["sh", "-c", "kill -SEGV $$"]);
  expect(killed.result).toMatchObject({ exitCode: null, signal: "SIGSEGV" });
  expect((await collectRun(sandbox, ["true"])).result.exitCode).toBe(0);
});

it("arguments reach the program as they are, for there is no shell", async () => {
  const { sandbox } = await startRunner();
  const odd = ["$HOME", "a  b", "`id`", "*", "'\"", "ünï\n", ""];
  const { stdout } = await collectRun(sandbox, [node, "-p", "JSON.stringify(process.argv.slice(1))", "--", ...odd]);
  expect(JSON.parse(stdout)).toEqual(odd);
});

it("commands get the PATH and their own variables, and nothing else of the runner", async () => {
  const { sandbox } = await startRunner();
  const { stdout } = await collectRun(sandbox, ["env", "-0"], { env: { MINE: "1", http_proxy: "http://x" } });
  const names = stdout.split("\0").map((line) => line.split("=")[0]);
  expect(names.filter((name) => name !== "").sort()).toEqual(["MINE", "PATH", "RUNNER_MARK", "http_proxy"].sort());
});

it("a command cannot be given one of drover's own variables", async () => {
  const { sandbox } = await startRunner();
  const run = collectRun(sandbox, ["env"], { env: { DROVER_CONFINED: "1" } });
  await expect(run).rejects.toMatchObject({ code: "failed" });
  expect((await collectRun(sandbox, ["true"])).result.exitCode).toBe(0);
});

it("a command that cannot start is told apart from one that fails", async () => {
  const { sandbox, workspace } = await startRunner();
  writeFileSync(join(workspace, "data.txt"), "no program");
  chmodSync(join(workspace, "data.txt"), 0o644);
  const cases = [
    { argv: ["no-such-program-anywhere"], expected: "not_found" },
    { argv: ["./missing"], expected: "not_found" },
    { argv: ["./data.txt"], expected: "not_executable" },
    { argv: ["/"], expected: "not_executable" },
    { argv: ["true"], cwd: "nowhere", expected: "bad_cwd" },
    { argv: ["true"], cwd: "data.txt", expected: "bad_cwd" },
    { argv: ["true", "x".repeat(200_000)], expected: "too_long" },
  ];
  for (const { argv, expected, ...more } of cases) {
    const { result } = await collectRun(sandbox, argv, more);
    expect(result, argv[0]).toMatchObject({ startFailure: expected, exitCode: null, timedOut: false });
  }
});

it("a program that is nowhere is not found, even where a folder of the PATH is closed", async ({ skip }) => {
  if (process.getuid?.() === 0) skip("nothing is closed to root");
  const { sandbox, workspace } = await startRunner();
  mkdirSync(join(workspace, "closed"), { mode: 0 });
  onTestFinished(() => chmodSync(join(workspace, "closed"), 0o700));
  writeFileSync(join(workspace, "data"), "no program", { mode: 0o644 });
  const env = { PATH: `${join(workspace, "closed")}:${workspace}` };
  expect((await collectRun(sandbox, ["nowhere"], { env })).result.startFailure).toBe("not_found");
  expect((await collectRun(sandbox, ["data"], { env })).result.startFailure).toBe("not_executable");
});

it("a working directory lies below the workspace", async () => {
  const { sandbox, workspace } = await startRunner();
  mkdirSync(join(workspace, "deep/er"), { recursive: true });
  expect((await collectRun(sandbox, ["pwd"], { cwd: "deep/er" })).stdout.trim()).toBe(join(workspace, "deep/er"));
  expect((await collectRun(sandbox, ["pwd"])).stdout.trim()).toBe(workspace);
  for (const cwd of ["/", "../", "deep/../../.."]) {
    await expect(collectRun(sandbox, ["pwd"], { cwd })).rejects.toMatchObject({ code: "failed" });
  }
});

it("a command larger than a message is refused, and the workspace goes on", async () => {
  const { sandbox } = await startRunner();
  const argv = ["true", ...Array.from({ length: 5 }, () => "x".repeat(100_000))];
  await expect(collectRun(sandbox, argv)).rejects.toMatchObject({ code: "too_large" });
  expect((await collectRun(sandbox, ["true"])).result.exitCode).toBe(0);
});

it("at the time limit the command and all it started are dead when the result is there", async () => {
  const { sandbox } = await startRunner();
  const tree = `sh -c 'echo $$; sleep 1000' & setsid sh -c 'echo $$; sleep 1000' & trap '' TERM INT HUP; echo $$; wait`;
  const { stdout, result } = await collectRun(sandbox, ["sh", "-c", tree], { timeoutMs: 2_000 });
  expect(result).toEqual({ exitCode: null, signal: "SIGKILL", timedOut: true, cancelled: false });
  const pids = stdout.trim().split("\n").map(Number);
  expect(pids.length).toBe(3);
  expect(pids.filter(lives)).toEqual([]);
});

it("a daemon with a session and a parent of its own dies at the time limit as well", async () => {
  const { sandbox, workspace } = await startRunner();
  const daemon = "(setsid sh -c 'echo $$ > daemon.pid; exec sleep 1000' &) ; sleep 1000";
  const run = collectRun(sandbox, ["sh", "-c", daemon], { timeoutMs: 1_500 });
  const file = join(workspace, "daemon.pid");
  await until("the daemon", () => existsSync(file) && readFileSync(file, "utf8").endsWith("\n"));
  const pid = Number(readFileSync(file, "utf8"));
  expect(lives(pid)).toBe(true);
  expect((await run).result.timedOut).toBe(true);
  expect(lives(pid)).toBe(false);
});

it("an abort kills the command, and the next one runs", async () => {
  const { sandbox } = await startRunner();
  const stop = new AbortController();
  let pid = 0;
  const run = sandbox.run(
    { argv: [node, "-e", forever], timeoutMs: 60_000 },
    (_stream, chunk) => {
      pid = Number(chunk.toString());
      stop.abort();
    },
    stop.signal,
  );
  const result = await within(10_000, "the cancelled run", run);
  expect(result).toEqual({ exitCode: null, signal: "SIGKILL", timedOut: false, cancelled: true });
  expect(lives(pid)).toBe(false);
  expect((await collectRun(sandbox, ["echo", "next"])).stdout).toBe("next\n");
});

it("a command aborted before it was sent does not start", async () => {
  const { sandbox, workspace } = await startRunner();
  const result = await sandbox.run({ argv: ["touch", "ran"], timeoutMs: 5_000 }, () => undefined, AbortSignal.abort());
  expect(result).toMatchObject({ exitCode: null, cancelled: true });
  expect(existsSync(join(workspace, "ran"))).toBe(false);
});

it("an abort that comes with the command's own end disturbs nothing", async () => {
  const { sandbox } = await startRunner();
  for (let round = 0; round < 20; round++) {
    const stop = new AbortController();
    const run = sandbox.run({ argv: ["echo", "x"], timeoutMs: 10_000 }, () => stop.abort(), stop.signal);
    expect((await within(10_000, "the run", run)).startFailure).toBeUndefined();
    expect((await collectRun(sandbox, ["echo", "after"])).stdout).toBe("after\n");
  }
});

it("fifty megabytes of output arrive complete, while neither side holds more than a little of it", async () => {
  const { sandbox, runner } = await startRunner();
  const byteCount = 50 * 1024 * 1024;
  let received = 0;
  let peakRunnerKib = 0;
  const flood = `yes 0123456789abcde | head -c ${byteCount}`;
  const result = await sandbox.run({ argv: ["sh", "-c", flood], timeoutMs: 60_000 }, (_stream, chunk) => {
    if (received % (1024 * 1024) < chunk.length) peakRunnerKib = Math.max(peakRunnerKib, residentKib(runner.pid ?? 0));
    received += chunk.length;
  });
  expect(result.exitCode).toBe(0);
  expect(received).toBe(byteCount);
  expect(peakRunnerKib).toBeGreaterThan(0);
  expect(peakRunnerKib).toBeLessThan(300 * 1024);
});

it("a flood without end is stopped by the time limit", async () => {
  const { sandbox } = await startRunner();
  let received = 0;
  const result = await sandbox.run({ argv: ["yes"], timeoutMs: 500 }, (_stream, chunk) => {
    received += chunk.length;
  });
  expect(result).toMatchObject({ timedOut: true, signal: "SIGKILL" });
  expect(received).toBeGreaterThan(0);
});

it("a server left in the background does not hold its command's result back, and lives until quiesce", async () => {
  const { sandbox, workspace } = await startRunner();
  const server = `${node} -e "setInterval(() => console.log('tick'), 1)" & echo $! > server.pid`;
  const { result } = await within(15_000, "the run", collectRun(sandbox, ["sh", "-c", server], { timeoutMs: 1_500 }));
  // It ended in time, whatever comes out of its pipes afterwards.
  expect(result).toMatchObject({ exitCode: 0, timedOut: false });
  const pid = Number(readFileSync(join(workspace, "server.pid"), "utf8"));
  expect(lives(pid)).toBe(true);
  // Its output has nowhere to go any more, and it must not die of that.
  expect((await collectRun(sandbox, ["echo", "clean"])).stdout).toBe("clean\n");
  expect(lives(pid)).toBe(true);
  await sandbox.quiesce();
  expect(lives(pid)).toBe(false);
});

it("quiesce leaves the processes of others alone when the runner has no namespace of its own", async () => {
  const first = await startRunner();
  const second = await startRunner();
  await collectRun(first.sandbox, ["sh", "-c", "sleep 1000 & echo $! > pid"]);
  await collectRun(second.sandbox, ["sh", "-c", "sleep 1000 & echo $! > pid"]);
  const pid = (place: { workspace: string }) => Number(readFileSync(join(place.workspace, "pid"), "utf8"));
  await first.sandbox.quiesce();
  expect([lives(pid(first)), lives(pid(second)), lives(process.pid)]).toEqual([false, true, true]);
  await second.sandbox.quiesce();
  expect(lives(pid(second))).toBe(false);
});

it("closing the workspace ends the runner and what it left running, and is no loss", async () => {
  const { sandbox, workspace, exited } = await startRunner();
  await collectRun(sandbox, ["sh", "-c", "sleep 1000 & echo $! > pid"]);
  const pid = Number(readFileSync(join(workspace, "pid"), "utf8"));
  sandbox.close();
  expect(await within(10_000, "the runner's end", exited)).toBe(0);
  expect(lives(pid)).toBe(false);
  const state = await Promise.race([sandbox.lost.then(() => "lost"), Promise.resolve("not lost")]);
  expect(state).toBe("not lost");
  await expect(collectRun(sandbox, ["true"])).rejects.toMatchObject({ code: "lost" });
});

it("a runner that is killed is a loss, for the run in flight and for everybody who watches", async () => {
  const { sandbox, runner } = await startRunner();
  const run = sandbox.run({ argv: [node, "-e", forever], timeoutMs: 60_000 }, (_stream, chunk) => {
    runner.kill("SIGKILL");
    process.kill(Number(chunk.toString()), "SIGKILL");
  });
  await expect(within(10_000, "the run's failure", run)).rejects.toMatchObject({ code: "lost" });
  expect(await within(10_000, "the loss", sandbox.lost)).toMatchObject({ code: "lost" });
});

it("a second operation is refused while one is in flight, and does not disturb it", async () => {
  const { sandbox, workspace } = await startRunner();
  const first = collectRun(sandbox, ["sh", "-c", "until [ -e go ]; do sleep 0.01; done; echo done"]);
  await expect(collectRun(sandbox, ["true"])).rejects.toMatchObject({ code: "failed" });
  await expect(sandbox.quiesce()).rejects.toMatchObject({ code: "failed" });
  writeFileSync(join(workspace, "go"), "");
  expect((await first).stdout).toBe("done\n");
});

function residentKib(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
}
