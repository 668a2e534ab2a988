// Do commands of one runner run beside each other, and does each end alone, with all that it has started?
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import type { Workspace } from "../../functions/sandbox/workspace.ts";
import { collectRun, lives, type Place, startLines, until, within } from "./harness.ts";

const checkout = resolve(import.meta.dirname, "../..");
const mounts = [
  ..."--unshare-all --die-with-parent --new-session --ro-bind / / --proc /proc --dev /dev --tmpfs /tmp".split(" "),
  ...["--ro-bind", checkout, checkout],
];
const works = spawnSync("bwrap", [...mounts, "true"]).status === 0;
const inNamespace = ({ sockets, workspace }: Place, command: string[]) => [
  ...["bwrap", ...mounts, "--ro-bind", sockets, sockets, "--bind", workspace, workspace],
  ...["--setenv", "DROVER_CONFINED", "1", "--", ...command],
];

const places = [
  { name: "without a namespace", options: {}, possible: true },
  { name: "in a namespace", options: { wrap: inNamespace }, possible: works },
];

/** Waits for a file of another command: with one command at a time, none of them would ever end. */
const meet = (mine: string, other: string) =>
  `echo > ${mine}; n=0; until [ -e ${other} ]; do n=$((n+1)); [ $n -lt 500 ] || exit 9; sleep 0.02; done; echo met`;

const countNamed = async (line: Workspace, name: string) =>
  Number((await collectRun(line, ["sh", "-c", `cat /proc/[0-9]*/comm 2>/dev/null | grep -c '^${name}$'`])).stdout);

describe.each(places.filter(({ possible }) => possible))("commands on several lines, $name", ({ options }) => {
  it("run at the same time, on the same disk", async () => {
    const { lines } = await startLines(3, options);
    const [a, b] = await Promise.all([
      collectRun(lines[0] as Workspace, ["sh", "-c", meet("a", "b")]),
      collectRun(lines[2] as Workspace, ["sh", "-c", meet("b", "a")]),
    ]);
    expect([a.stdout, b.stdout]).toEqual(["met\n", "met\n"]);
  });

  it("one that runs out of time ends with its daemons, and the one beside it goes on", async () => {
    const { lines, workspace } = await startLines(2, options);
    const survivor = collectRun(lines[1] as Workspace, [
      "sh",
      "-c",
      "(setsid sh -c 'echo > up; exec sleep 1000' >/dev/null 2>&1 &); until [ -e go ]; do sleep 0.02; done; [ -e up ] && cat /proc/[0-9]*/comm | grep -c sleep; exit 4",
    ]);
    await until("the survivor", () => existsSync(join(workspace, "up")));
    const hang = `for i in 1 2 3; do (setsid sh -c 'trap "" TERM HUP; while :; do sleep 500; done' >/dev/null 2>&1 &); done; sleep 500`;
    const { result } = await collectRun(lines[0] as Workspace, ["sh", "-c", hang], { timeoutMs: 500 });
    expect(result).toMatchObject({ timedOut: true, signal: "SIGKILL" });
    writeFileSync(join(workspace, "go"), "");
    const { result: other, stdout } = await survivor;
    expect(other).toMatchObject({ exitCode: 4, timedOut: false, cancelled: false });
    expect(Number(stdout)).toBeGreaterThan(0);
  });

  it("leave nothing running when they end by themselves", async () => {
    const { lines, workspace } = await startLines(2, options);
    const script = "(setsid sh -c 'echo $$ > pid; exec sleep 700' >/dev/null 2>&1 &); until [ -s pid ]; do :; done";
    const { result } = await collectRun(lines[0] as Workspace, ["sh", "-c", script]);
    expect(result.exitCode).toBe(0);
    if (options.wrap) expect(await countNamed(lines[1] as Workspace, "sleep")).toBe(0);
    else expect(lives(Number(readFileSync(join(workspace, "pid"), "utf8")))).toBe(false);
  });

  it("end one by one when they are cancelled", async () => {
    const { lines } = await startLines(2, options);
    const stop = new AbortController();
    const run = lines[0]?.run({ argv: ["sleep", "900"], timeoutMs: 60_000 }, () => undefined, stop.signal);
    const other = collectRun(lines[1] as Workspace, ["sh", "-c", "sleep 0.2; echo done"]);
    stop.abort();
    expect(await run).toMatchObject({ cancelled: true });
    expect((await other).stdout).toBe("done\n");
  });

  it("all end when the supervisor leaves any one of the lines", async () => {
    const { lines, exited } = await startLines(3, options);
    const running = collectRun(lines[0] as Workspace, ["sleep", "900"]);
    running.catch(() => undefined);
    lines[1]?.close();
    expect(await within(10_000, "the runner's end", exited)).toBe(0);
    await expect(running).rejects.toMatchObject({ code: "lost" });
  });

  it("one that prints without end does not slow the one beside it down", async () => {
    const { lines } = await startLines(2, options);
    let bytes = 0;
    const stop = new AbortController();
    const loud = lines[0]?.run(
      { argv: ["yes"], timeoutMs: 60_000 },
      (_stream, chunk) => {
        bytes += chunk.length;
      },
      stop.signal,
    );
    await until("output", () => bytes > 10_000_000);
    expect((await collectRun(lines[1] as Workspace, ["echo", "quick"])).stdout).toBe("quick\n");
    stop.abort();
    expect(await loud).toMatchObject({ cancelled: true });
  });
});

describe.runIf(works)("in a namespace", () => {
  it("a daemon that shed session, parent and environment goes with the first command that ends", async () => {
    const { lines, workspace } = await startLines(2, { wrap: inNamespace });
    const line = lines[1] as Workspace;
    const stop = new AbortController();
    const script = "(setsid env -i sh -c 'echo > up; exec sleep 600' >/dev/null 2>&1 &); exec sleep 1000";
    const running = lines[0]?.run({ argv: ["sh", "-c", script], timeoutMs: 60_000 }, () => undefined, stop.signal);
    await until("the daemon", () => existsSync(join(workspace, "up")));
    // Each look is a command of its own, whose end takes what belongs to nobody; the other command stays.
    expect(await countNamed(line, "sleep")).toBe(2);
    expect(await countNamed(line, "sleep")).toBe(1);
    stop.abort();
    expect(await running).toMatchObject({ cancelled: true });
    expect(await countNamed(line, "sleep")).toBe(0);
  });

  it("chains of forks that leave their session and environment do not outlive a command that timed out", async () => {
    const { lines, workspace } = await startLines(2, { wrap: inNamespace });
    writeFileSync(join(workspace, "chain.sh"), '(setsid env -i sh "$0" >/dev/null 2>&1 &)\n');
    const script = "for i in 1 2 3; do (setsid env -i sh chain.sh >/dev/null 2>&1 &); done; sleep 1000";
    const { result } = await collectRun(lines[0] as Workspace, ["sh", "-c", script], { timeoutMs: 500 });
    expect(result.timedOut).toBe(true);
    await lines[0]?.quiesce();
    const { stdout } = await collectRun(lines[1] as Workspace, ["sh", "-c", "ls /proc | grep -c '^[0-9]'"]);
    // init, runner, and the three processes of the counting itself.
    expect(Number(stdout)).toBeLessThanOrEqual(5);
  });
});
