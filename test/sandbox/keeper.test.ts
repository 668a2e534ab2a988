// Where commands have a uid of their own, what can they do to the runner, and what does it still say truly?
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Workspace } from "../../functions/sandbox/workspace.ts";
import { collect, collectRun, give, makePlace, type Place, startLines, startRunner, until, within } from "./harness.ts";

/** Nobody's on a usual machine. */
const agent = 61_000;
const runnerUid = 61_001;
const setpriv = "/usr/bin/setpriv";
const works =
  process.getuid?.() === 0 && existsSync(setpriv) && spawnSync("unshare", ["--pid", "--fork", "true"]).status === 0;

/** As a container of the image on Fargate: an init, a uid without any capability, and one more uid for commands. */
const asInImage = (variables: Record<string, string> = {}, mode = 0o6755) => {
  return ({ root, workspace }: Place, command: string[]) => {
    const asAgent = join(root, "as-agent");
    copyFileSync(setpriv, asAgent);
    chownSync(asAgent, agent, agent);
    chmodSync(asAgent, mode);
    chmodSync(root, 0o755);
    const [HOME, TMPDIR] = [join(root, "home"), join(root, "tmp")];
    for (const place of [HOME, TMPDIR]) mkdirSync(place);
    for (const place of [workspace, HOME, TMPDIR]) chownSync(place, agent, agent);
    const settings = { DROVER_CONFINED: "1", DROVER_AS_AGENT: asAgent, HOME, TMPDIR, ...variables };
    const init = 'mount -t tmpfs tmpfs /dev/shm; env "$@"; exit $?';
    return [
      ...[
        "unshare",
        "--pid",
        "--ipc",
        "--fork",
        "--kill-child",
        "--mount-proc",
        "--net",
        "/bin/sh",
        "-c",
        init,
        "init",
      ],
      ...Object.entries(settings).map(([name, value]) => `${name}=${value}`),
      ...[setpriv, "--reuid", String(runnerUid), "--regid", String(runnerUid), "--clear-groups"],
      ...["--bounding-set=-all", "--inh-caps=-all", ...command],
    ];
  };
};
const start = () => startRunner({ wrap: asInImage() });
const shell = (sandbox: Workspace, script: string, more: { timeoutMs?: number } = {}) =>
  collectRun(sandbox, ["sh", "-c", script], more);

/** Thirty daemons that ignore every polite signal, and chains that fork and leave. */
const hostile = `
for i in $(seq 30); do (setsid sh -c 'trap "" TERM INT HUP; while :; do sleep 100; done' >/dev/null 2>&1 &); done
printf '(setsid env -i sh "$0" >/dev/null 2>&1 &)\\n' > chain.sh
for i in 1 2 3; do (setsid env -i sh chain.sh >/dev/null 2>&1 &); done
`;
const countAgents = `cat /proc/[0-9]*/status 2>/dev/null | grep -c '^Uid:.${agent}'`;
const keeper = `for p in /proc/[0-9]*; do grep -q '^Uid:.${runnerUid}' $p/status && basename $p; done`;

describe.runIf(works)("commands under another uid than the runner's", () => {
  it("have it whole, with no capability and no way to gain one", async () => {
    const { sandbox } = await start();
    const { stdout } = await shell(sandbox, "grep -E '^(Uid|Gid|CapEff|CapPrm|CapBnd|NoNewPrivs)' /proc/self/status");
    const ids = `${agent}\t${agent}\t${agent}\t${agent}`;
    const none = "0".repeat(16);
    expect(stdout).toBe(
      `Uid:\t${ids}\nGid:\t${ids}\nCapPrm:\t${none}\nCapEff:\t${none}\nCapBnd:\t${none}\nNoNewPrivs:\t1\n`,
    );
  });

  it("see none of drover's variables, and keep the folder for temporary files", async () => {
    const { sandbox, root } = await start();
    const { stdout } = await collectRun(sandbox, ["env"]);
    expect(stdout).not.toMatch(/DROVER|SECRET|RUNNER_MARK/);
    expect(stdout.split("\n")).toContain(`TMPDIR=${join(root, "tmp")}`);
    expect(stdout).toMatch(/^https_proxy=http:\/\/127\.0\.0\.1:3128$/m);
  });

  it("can neither look into the runner, nor signal it, nor become it", async () => {
    const { sandbox, root } = await start();
    const script = `for p in $(${keeper}); do
      cat /proc/$p/environ /proc/$p/mem; ls /proc/$p/fd; kill -9 $p; kill -STOP $p; prlimit --pid $p --nofile=1
    done; ${root}/as-agent --reuid ${runnerUid} true; echo "code $?"`;
    const { stdout, stderr } = await shell(sandbox, script);
    expect(stdout).not.toMatch(/DROVER/);
    expect(stdout).toMatch(/code (?!0)/);
    expect(stderr.match(/Permission denied|not permitted/g)?.length).toBeGreaterThanOrEqual(6);
    // It is alive and well.
    expect((await shell(sandbox, "echo here")).stdout).toBe("here\n");
  });

  it("own what is unpacked, and files that only they may read are found and fetched", async () => {
    const { sandbox, workspace } = await start();
    await sandbox.unpack(give({ path: "given.txt", mode: "100644", content: Buffer.from("given\n") }));
    await shell(sandbox, "echo more >> given.txt; umask 077; mkdir closed; echo secret > closed/own.txt");
    const { entries } = await sandbox.manifest([]);
    expect(entries.map(({ path }) => path).sort()).toEqual(["closed/own.txt", "given.txt"]);
    const files = await collect(sandbox.fetch(entries));
    expect(files.map(({ content }) => content.toString()).sort()).toEqual(["given\nmore\n", "secret\n"]);
    expect(readFileSync(join(workspace, "given.txt"), "utf8")).toBe("given\nmore\n");
  });

  it("a time limit ends all of them and leaves the runner", async () => {
    const { sandbox } = await start();
    const { result } = await shell(sandbox, `${hostile} sleep 1000`, { timeoutMs: 1_500 });
    expect(result).toMatchObject({ timedOut: true, signal: "SIGKILL" });
    // The hand, and the four processes of the counting itself.
    expect(Number((await shell(sandbox, countAgents)).stdout)).toBeLessThanOrEqual(5);
  });
});

describe.runIf(works)("quiesce, where commands have a uid of their own", () => {
  it("ends daemons and chains of forks, and the runner serves on", async () => {
    const { sandbox } = await start();
    await shell(sandbox, hostile);
    // Positive control: they are there.
    expect(Number((await shell(sandbox, countAgents)).stdout)).toBeGreaterThan(30);
    await within(10_000, "quiesce", sandbox.quiesce());
    expect(Number((await shell(sandbox, countAgents)).stdout)).toBeLessThanOrEqual(5);
  });

  it("is not asked of the process that commands could have taken over, but ends it as well", async () => {
    const { sandbox } = await start();
    const { stdout: before } = await shell(sandbox, "echo $PPID");
    await sandbox.quiesce();
    const { stdout: after } = await shell(sandbox, "echo $PPID");
    expect(Number(before)).toBeGreaterThan(0);
    expect(after).not.toBe(before);
  });

  it("clear leaves an empty disk, whatever was closed on it", async () => {
    const { sandbox } = await start();
    const script = `for place in . $HOME $TMPDIR /dev/shm; do mkdir -p $place/a/b; touch $place/.c; chmod 000 $place/a; done
      (setsid sleep 500 >/dev/null 2>&1 &); ls -A . $HOME $TMPDIR /dev/shm | grep -c '^a$'`;
    // Positive control: all four can be written.
    expect((await shell(sandbox, script)).stdout).toBe("4\n");
    await sandbox.clear();
    expect((await shell(sandbox, `ls -A; ls -A $HOME; ls -A $TMPDIR; ls -A /dev/shm; ${countAgents}`)).stdout).toMatch(
      /^[1-5]\n$/,
    );
  });

  it("takes along what outlives processes: shared memory, semaphores and message queues", async () => {
    const { sandbox } = await start();
    const count = "cat /proc/sysvipc/shm /proc/sysvipc/sem /proc/sysvipc/msg | grep -vc key";
    const made = await shell(sandbox, `ipcmk -M 64 && ipcmk -S 1 && ipcmk -Q && ${count}`);
    expect(made.stdout).toMatch(/^3$/m);
    await sandbox.quiesce();
    expect((await shell(sandbox, count)).stdout).toBe("0\n");
  });

  it("works with several lines", async () => {
    const { lines } = await startLines(3, { wrap: asInImage() });
    await lines[1]?.quiesce();
    const runs = lines.map((line, index) => shell(line, `sleep 0.1; echo ${index}`));
    expect((await Promise.all(runs)).map(({ stdout }) => stdout)).toEqual(["0\n", "1\n", "2\n"]);
  });

  it("a command that times out on one line leaves the runner and the other lines alone", async () => {
    const { lines } = await startLines(2, { wrap: asInImage() });
    const [one, other] = lines as [Workspace, Workspace];
    const survivor = shell(other, "sleep 2; echo done");
    expect((await shell(one, `${hostile} sleep 1000`, { timeoutMs: 500 })).result.timedOut).toBe(true);
    expect((await survivor).stdout).toBe("done\n");
  });
});

describe.runIf(works)("the end of it", () => {
  it("a command that kills the process which serves it ends the sandbox, and the supervisor learns of the loss", async () => {
    const { sandbox, exited } = await start();
    const killHand = shell(sandbox, "kill -9 $PPID; sleep 1000");
    await expect(within(10_000, "the run's failure", killHand)).rejects.toMatchObject({ code: "lost" });
    await within(10_000, "the end of the namespace", exited);
  });

  it("a runner whose commands would keep its own uid, as where setuid is ignored, refuses to serve", async () => {
    const refused = startRunner({ wrap: asInImage({}, 0o755), timeoutMs: 15_000 });
    await expect(refused).rejects.toMatchObject({ code: "lost" });
  });

  it("a runner whose commands could start processes without end refuses to serve, and says why", async () => {
    const tools = makePlace().root;
    chmodSync(tools, 0o755);
    // It can look, and not lower.
    const script = '#!/bin/sh\ncase "$*" in *--output*) echo unlimited;; *) exit 1;; esac\n';
    writeFileSync(join(tools, "prlimit"), script, { mode: 0o755 });
    const words = join(tools, "words");
    const wrap = (place: Place, command: string[]) => [
      ...["/bin/sh", "-c", 'words="$1"; shift; exec "$@" 2>"$words"', "sh", words],
      ...asInImage({ PATH: `${tools}:${process.env.PATH}` })(place, command),
    ];
    await expect(startRunner({ wrap, timeoutMs: 15_000 })).rejects.toMatchObject({ code: "lost" });
    await until("its words", () => readFileSync(words, "utf8").includes("cannot be limited"));
  });

  it("no more processes than allowed run as the agent", async () => {
    const { sandbox } = await startRunner({ wrap: asInImage({ DROVER_PROCESSES: "60" }) });
    const { stdout, stderr } = await shell(sandbox, `for i in $(seq 200); do sleep 5 & done; ${countAgents}`);
    expect(`${stdout}${stderr}`).toMatch(/fork|Resource temporarily unavailable/);
    await sandbox.quiesce();
    expect((await shell(sandbox, "echo here")).stdout).toBe("here\n");
  });
});
