// What does a confined container see, and what can it do?
import { once } from "node:events";
import { chmodSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { TaskFolder } from "../../../../infra/local/containers.ts";
import { createRuntime } from "../../../../infra/local/sandbox/runtime.ts";
import * as support from "./support.ts";

const { ending, isRoot, makeDirectory, makePlace, makeWorkspace, ordinaryUid, shell, specOf, untilWritten } = support;

interface Report {
  environment: Record<string, string>;
  uid: number;
  pid: number;
  pids: string[];
  status: string;
  limits: string;
  namespaces: Record<string, string>;
  descriptors: Record<string, string>;
  interfaces: string[];
  routes: string[];
  connection: string;
  writable: string[];
  secrets: { ok?: string; error?: string }[];
  etc: string[];
  hosts: string;
  [tried: string]: unknown;
}

/** The program is on the disk before the container starts, and leaves its report there. */
async function prepareInside(folder: TaskFolder, secrets: string[], hostPort = 1): Promise<string[]> {
  await copyFile(join(import.meta.dirname, "fixtures/inside.mjs"), join(makeWorkspace(folder), "inside.mjs"));
  return ["node", "inside.mjs", JSON.stringify({ secrets, hostPort })];
}

const readReport = async (folder: TaskFolder): Promise<Report> =>
  JSON.parse(await untilWritten(join(folder.root, "workspace/report.json")));

describe.skipIf(support.whySkipped)(support.titleOf("a confined container"), () => {
  let place: Awaited<ReturnType<typeof makePlace>>;
  let report: Report;
  beforeAll(async () => {
    place = await makePlace();
    const folder = place.nextFolder();
    const ours = join(makeDirectory(), "credentials");
    writeFileSync(ours, "a secret that everyone may read");
    chmodSync(ours, 0o644);
    const host = createServer().listen(0, "127.0.0.1");
    await once(host, "listening");
    const { port } = host.address() as { port: number };
    const secrets = [
      ours,
      join(homedir(), ".profile"),
      "/etc/shadow",
      "/proc/1/root/etc/shadow",
      `${place.base}/tasks`,
    ];
    const command = await prepareInside(folder, secrets, port);
    process.env.DROVER_TEST_SECRET = "of the test";
    const spec = specOf(command, { environment: { TASK: "tsk_1", HOME: "/root" } });
    const container = ending(await createRuntime(place).start(spec, folder));
    expect(await container.exited).toEqual({ exitCode: 0 });
    report = await readReport(folder);
    host.close();
  });

  it("has an environment made from nothing, in which its task cannot move HOME or PATH", () => {
    expect(report.environment).toEqual({
      TASK: "tsk_1",
      LANG: "C.UTF-8",
      HOME: "/home/agent",
      PATH: "/opt/drover/bin:/usr/local/bin:/usr/bin:/bin",
      TMPDIR: "/tmp",
      DROVER_SOCKETS: "/run/drover",
      DROVER_WORKSPACE: "/workspace",
      DROVER_CONFINED: "1",
      PWD: "/workspace",
    });
  });

  it("cannot read the home, the data directory or the accounts of the machine", () => {
    for (const secret of report.secrets) expect(secret).toEqual({ error: expect.stringMatching(/ENOENT|EACCES/) });
    expect(report.etc).not.toContain("shadow");
    expect(report.hosts).toBe("127.0.0.1 localhost drover\n::1 localhost\n");
  });

  it("writes to its workspace and to memory that ends with it, nowhere else", () => {
    expect(report.writable).toEqual(["/workspace", "/tmp", "/home/agent", "/dev/shm"]);
  });

  it("has only a loopback of its own, with no way to the machine's", () => {
    expect(report.interfaces).toEqual(["lo"]);
    expect(report.routes).toEqual([]);
    expect(report.connection).toBe("ECONNREFUSED");
  });

  it("has namespaces of its own and sees only its own processes", () => {
    for (const name of ["pid", "mnt", "net", "ipc", "uts", "user"]) {
      expect(report.namespaces[name]).toMatch(/^\w+:\[\d+\]$/);
      if (name === "pid") expect(report.namespaces.pid).not.toBe(support.pidNamespaceOf("self"));
    }
    expect(report.pid).toBe(2);
    expect(report.pids).toEqual(["1", "2"]);
  });

  it("has no capability, gains none, and is filtered", () => {
    expect(report.uid).toBe(1000);
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
      expect(report.status).toContain(`${set}:\t0000000000000000`);
    }
    expect(report.status).toContain("NoNewPrivs:\t1");
    expect(report.status).toContain("Seccomp:\t2");
    expect(report.newUserNamespace).toHaveProperty("error");
    expect(report.mount).toHaveProperty("error");
  });

  it("has limits on processes, open files, core dumps and file size", () => {
    const hard = (name: string) => Number(new RegExp(`^${name} +\\S+ +(\\d+)`, "m").exec(report.limits)?.[1]);
    expect(hard("Max processes")).toBeLessThanOrEqual(2048);
    expect(hard("Max open files")).toBeLessThanOrEqual(16_384);
    expect(hard("Max core file size")).toBe(0);
    expect(hard("Max file size")).toBe(8 * 2 ** 30);
  });

  it("runs node, npm and npx from the image, and finds the runner there", () => {
    expect(report.node).toEqual({ ok: process.version });
    expect(report.npm).toEqual({ ok: expect.stringMatching(/^\d+\.\d+/) });
    expect(report.npx).toEqual(report.npm);
    expect(report.runner).toEqual({ ok: "" });
  });

  it.skipIf(!isRoot)("is confined all the same when drover runs as an ordinary user", async () => {
    const data = makeDirectory();
    chmodSync(data, 0o777);
    const base = join(data, "sandboxes");
    const folder = { root: join(base, "task") };
    const fixture = join(import.meta.dirname, "fixtures/inside.mjs");
    const argument = JSON.stringify({ secrets: [fixture], hostPort: 1 });
    const command = shell(
      `node --input-type=module -e '${readFileSync(fixture, "utf8").replaceAll("'", `'\\''`)}' - "$0"`,
    );
    // `-e` puts the argument where a script's would be, one place earlier than a file does: hence the "-".
    const spec = specOf([...command, argument]);
    const order = { base, image: place.image, folder, spec };
    chmodSync(place.base, 0o711);
    const { record } = await support.startStack(order, { uid: ordinaryUid });
    expect(record.uid).toBeUndefined();
    const theirs = await readReport(folder);
    expect(theirs.writable).toEqual(["/workspace", "/tmp", "/home/agent", "/dev/shm"]);
    expect(theirs.secrets).toEqual([{ error: "ENOENT" }]);
    expect(theirs.status).toContain("CapEff:\t0000000000000000");
    expect(theirs.status).toContain("Seccomp:\t2");
    expect(statSync(join(folder.root, "workspace/report.json")).uid).toBe(ordinaryUid);
  });

  it("does not get the open files that drover itself was started with", async () => {
    const folder = place.nextFolder();
    const leaked = openSync(join(makeDirectory(), "leaked"), "w");
    const spec = specOf(shell("readlink /proc/self/fd/40 > fd; mv fd report; sleep 1000"));
    await support.startStack({ ...place, folder, spec, diesWithParent: true }, { inherited: leaked });
    expect((await untilWritten(join(folder.root, "workspace/report"))).trim()).toBe("/dev/null");
  });

  it("talks to the supervisor over a socket of the volume they share, and sees the volume of no other pair", async () => {
    const folder = place.nextFolder();
    const server = `const fs = require("fs"), path = "sockets/workspace/runner.sock";
      for (const name of ["workspace", "gates"]) fs.mkdirSync("sockets/" + name, { recursive: true, mode: 0o700 });
      require("net").createServer((socket) => socket.end("hello")).listen(path, () => {
        fs.chmodSync(path, 0o666); fs.writeFileSync("up", "1"); })`;
    const runtime = createRuntime(place);
    const trusted = specOf(["node", "-e", server], { name: "supervisor", confined: false });
    const supervisor = ending(await runtime.start(trusted, folder));
    await untilWritten(join(folder.root, "up"));
    const client = `const folder = process.env.DROVER_SOCKETS;
      for (const path of [folder, "/run/gates", "/run/drover/gates", "/run/drover/../gates"]) console.log(require("fs").existsSync(path));
      require("net").connect(folder + "/runner.sock").pipe(process.stdout)`;
    const container = ending(await runtime.start(specOf(["node", "-e", client]), folder));
    expect(await container.exited).toEqual({ exitCode: 0 });
    expect(readFileSync(join(folder.root, "workspace.log"), "utf8")).toBe("true\nfalse\nfalse\nfalse\nhello");
    supervisor.signal("SIGKILL");
    expect(await supervisor.exited).toEqual({ exitCode: 137 });
  });

  it("cannot fill the machine's disk with what it prints", async () => {
    const folder = place.nextFolder();
    const container = ending(
      await createRuntime(place).start(specOf(shell("head -c 5000000 /dev/zero; exit 3")), folder),
    );
    expect(await container.exited).toEqual({ exitCode: 3 });
    expect(statSync(join(folder.root, "workspace.log")).size).toBe(1 << 20);
  });
});
