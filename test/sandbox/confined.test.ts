import { spawnSync } from "node:child_process";
import { createServer } from "node:http";
import { join, resolve } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { startEgress } from "../../functions/sandbox/egress.ts";
import { collectRun, type Place, startRunner, until, within } from "./harness.ts";

const checkout = resolve(import.meta.dirname, "../..");
/** The checkout again, since it may lie below the /tmp that is covered. */
const mounts = [
  ..."--unshare-all --die-with-parent --new-session --ro-bind / / --proc /proc --dev /dev --tmpfs /tmp".split(" "),
  ...["--ro-bind", checkout, checkout],
];

/** Plain bubblewrap, only to give the runner namespaces; the real driver is tested where it lives. */
const wrap = ({ sockets, workspace }: Place, command: string[]) => [
  ...["bwrap", ...mounts, "--ro-bind", sockets, sockets, "--bind", workspace, workspace],
  ...["--setenv", "DROVER_CONFINED", "1", "--", ...command],
];

const works = spawnSync("bwrap", [...mounts, "true"]).status === 0;
const node = process.execPath;

/** Thirty daemons with sessions of their own that ignore every polite signal, and chains that fork and leave. */
const hostile = `
for i in $(seq 30); do (setsid sh -c 'trap "" TERM INT HUP; while :; do sleep 100; done' >/dev/null 2>&1 &); done
cat > chain.sh <<'END'
(setsid sh "$0" >/dev/null 2>&1 &)
END
for i in 1 2 3; do (setsid sh chain.sh >/dev/null 2>&1 &); done
echo started
`;
const countOthers = "ls /proc | grep -c '^[0-9]'";

describe.runIf(works)("in a pid namespace of its own", () => {
  it("quiesce leaves nobody but the runner and its init, even among daemons and chains of forks", async () => {
    const { sandbox } = await startRunner({ wrap });
    const count = async () => Number((await collectRun(sandbox, ["sh", "-c", countOthers])).stdout);
    for (let round = 0; round < 3; round++) {
      expect((await collectRun(sandbox, ["sh", "-c", hostile])).stdout).toBe("started\n");
      // Positive control: they are there.
      expect(await count()).toBeGreaterThan(30);
      await within(10_000, "quiesce", sandbox.quiesce());
      // init, runner, and the three processes of the counting itself.
      expect(await count()).toBeLessThanOrEqual(5);
    }
  });

  it("a time limit ends daemons that cleared their environment, too", async () => {
    const { sandbox } = await startRunner({ wrap });
    const daemon = "(setsid env -i sleep 1000 >/dev/null 2>&1 &); sleep 1000";
    const { result } = await collectRun(sandbox, ["sh", "-c", daemon], { timeoutMs: 1_000 });
    expect(result.timedOut).toBe(true);
    expect((await collectRun(sandbox, ["sh", "-c", "cat /proc/[0-9]*/comm | grep -c sleep"])).stdout).toBe("0\n");
  });

  it("commands see none of drover's variables, not even a mark", async () => {
    const { sandbox } = await startRunner({ wrap });
    const { stdout } = await collectRun(sandbox, ["env"]);
    expect(stdout).not.toMatch(/DROVER|SECRET|RUNNER_MARK/);
    expect(stdout).toMatch(/^https_proxy=http:\/\/127\.0\.0\.1:3128$/m);
  });

  it("no command can listen in the runner's place or replace the sockets", async () => {
    const { sandbox, sockets } = await startRunner({ wrap });
    const attempt = `const net = require("node:net");
      net.createServer().on("error", e => console.log(e.code)).listen(${JSON.stringify(join(sockets, "runner.sock"))});`;
    expect((await collectRun(sandbox, [node, "-e", attempt])).stdout).toBe("EROFS\n");
  });

  it("no command can make the runner open its debugger on the loopback they share", async () => {
    const { sandbox } = await startRunner({ wrap });
    const look = (pid: string) => `process.kill(${pid}, "SIGUSR1");
      const looks = setInterval(() => fetch("http://127.0.0.1:9229/json").then(() => console.log("open"), () => undefined), 50);
      setTimeout(() => clearInterval(looks), 700);`;
    const env = { NODE_USE_ENV_PROXY: "0" };
    expect((await collectRun(sandbox, [node, "-e", look("process.ppid")], { env })).stdout).toBe("");
    // Positive control: a Node that was told nothing opens it.
    expect((await collectRun(sandbox, [node, "-e", look("process.pid")], { env })).stdout).toContain("open");
  });

  it("a command that kills the runner ends the namespace, and the supervisor learns of the loss", async () => {
    const { sandbox, exited } = await startRunner({ wrap });
    const killRunner = collectRun(sandbox, ["sh", "-c", "kill -9 $PPID; sleep 1000"]);
    await expect(within(10_000, "the run's failure", killRunner)).rejects.toMatchObject({ code: "lost" });
    await within(10_000, "the end of the namespace", exited);
    expect(await sandbox.lost).toMatchObject({ code: "lost" });
  });

  it("the network leads through the relay to allowed names, and nowhere else", async () => {
    const { sandbox, sockets } = await startRunner({ wrap });
    const server = createServer((request, response) => response.end(`hello ${request.headers.host}`));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    const refused: string[] = [];
    const egress = await startEgress(join(sockets, "egress.sock"), {
      rules: { allow: [], allowPrivate: [`packages.test:${port}`] },
      onRefused: ({ host, why }) => refused.push(`${host}: ${why}`),
      resolve: async () => ["127.0.0.1"],
      maxUploadBytes: 2 ** 20,
    });
    onTestFinished(async () => {
      await egress.close();
      server.close();
    });
    const get = (url: string, env = {}) =>
      collectRun(
        sandbox,
        [
          node,
          "-e",
          `fetch(${JSON.stringify(url)}).then(async r => console.log(r.status, await r.text()), e => console.log("failed", e.cause?.code))`,
        ],
        { env },
      );
    expect((await get(`http://packages.test:${port}/x`)).stdout).toContain(`hello packages.test:${port}`);
    expect((await get(`http://elsewhere.test:${port}/x`)).stdout).not.toContain("hello");
    await until("the report", () => refused.length > 0);
    expect(refused).toEqual(["elsewhere.test: not on the allowlist"]);
    // Past the proxy there is no way at all: the server above listens on the loopback of another namespace.
    const direct = await get(`http://127.0.0.1:${port}/`, { NODE_USE_ENV_PROXY: "0" });
    expect(direct.stdout).toBe("failed ECONNREFUSED\n");
  });
});

it("a runner that is told it is confined refuses to start where it is not", () => {
  const runner = new URL("../../functions/sandbox/runner.ts", import.meta.url).pathname;
  const { status, stderr } = spawnSync(node, [runner], {
    env: { DROVER_CONFINED: "1", DROVER_SOCKETS: "/nowhere" },
    encoding: "utf8",
    timeout: 20_000,
  });
  expect(status).toBe(1);
  expect(stderr).toMatch(/DROVER_CONFINED=1, but/);
});

it.runIf(works)("a runner refuses a namespace in which somebody else is running already", () => {
  const runner = new URL("../../functions/sandbox/runner.ts", import.meta.url).pathname;
  const script = `sleep 1000 & DROVER_CONFINED=1 DROVER_SOCKETS=/nowhere ${node} ${runner}; echo "code $?"; kill $!`;
  const { stdout, stderr } = spawnSync("bwrap", [...mounts, "sh", "-c", script], { encoding: "utf8", timeout: 20_000 });
  expect(stdout).toBe("code 1\n");
  expect(stderr).toMatch(/other processes run beside this one/);
});
