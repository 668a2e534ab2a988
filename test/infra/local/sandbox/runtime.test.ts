// Do containers start, end for certain, survive a restart of drover, and leave no disk behind?
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { ContainerSpec } from "../../../../infra/local/containers.ts";
import { createRuntime } from "../../../../infra/local/sandbox/runtime.ts";
import * as support from "./support.ts";

const { ending, isRoot, isSameProcessAlive, killHard, listNamespace, pidNamespaceOf } = support;
const { shell, specOf, startStack, until, untilWritten } = support;

type Place = Awaited<ReturnType<typeof support.makePlace>>;
let place: Place;
beforeAll(async () => {
  place = await support.makePlace();
});

/** Daemons as hostile as they come: forked twice, in sessions of their own, deaf to every polite signal. */
const daemons = 8;
const hostile = `
trap '' TERM INT HUP
for i in $(seq ${daemons}); do
  (setsid sh -c 'trap "" TERM INT HUP; (setsid sleep 91173 </dev/null >/dev/null 2>&1 &) ; sleep 91173' </dev/null >/dev/null 2>&1 &)
done
until [ $(ls -d /proc/[0-9]* | wc -l) -gt ${daemons * 2} ]; do :; done
echo up > up
`;

const plain = (script: string, change: Partial<ContainerSpec> = {}) =>
  specOf(shell(script), { name: "supervisor", confined: false, ...change });

describe.skipIf(support.whySkipped)(support.titleOf("a confined container"), () => {
  it("ends with the exit code of its program", async () => {
    const container = ending(await createRuntime(place).start(specOf(shell("exit 7")), place.nextFolder()));
    expect(await container.exited).toEqual({ exitCode: 7 });
  });

  it("is asked by SIGTERM, which reaches its program and nobody else", async () => {
    const folder = place.nextFolder();
    const script = "trap 'echo asked > asked; exit 5' TERM; echo up > up; while :; do sleep 0.01; done";
    const container = ending(await createRuntime(place).start(specOf(shell(script)), folder));
    await untilWritten(join(folder.root, "workspace/up"));
    container.signal("SIGTERM");
    expect(await container.exited).toEqual({ exitCode: 5 });
    expect(existsSync(join(folder.root, "workspace/asked"))).toBe(true);
  });

  it("ends with 143 when its program does not handle SIGTERM", async () => {
    const folder = place.nextFolder();
    const spec = specOf(["node", "-e", "require('fs').writeFileSync('up', '1'); setInterval(() => {}, 1000)"]);
    const container = ending(await createRuntime(place).start(spec, folder));
    await untilWritten(join(folder.root, "workspace/up"));
    container.signal("SIGTERM");
    expect(await container.exited).toEqual({ exitCode: 143 });
  });

  it("loses every daemon to SIGKILL before it counts as exited", async () => {
    const folder = place.nextFolder();
    const container = ending(await createRuntime(place).start(specOf(shell(`${hostile} sleep 91173`)), folder));
    await untilWritten(join(folder.root, "workspace/up"));
    const namespace = pidNamespaceOf(container.record.pid);
    expect(listNamespace(namespace).length).toBeGreaterThan(daemons * 2);
    container.signal("SIGTERM");
    container.signal("SIGKILL");
    expect(await container.exited).toEqual({ exitCode: 137 });
    expect(listNamespace(namespace)).toEqual([]);
  });

  it("takes its daemons along when its program ends by itself", async () => {
    const folder = place.nextFolder();
    const script = `${hostile} until [ -e go ]; do sleep 0.01; done; exit 4`;
    const container = ending(await createRuntime(place).start(specOf(shell(script)), folder));
    await untilWritten(join(folder.root, "workspace/up"));
    const namespace = pidNamespaceOf(container.record.pid);
    expect(listNamespace(namespace).length).toBeGreaterThan(daemons * 2);
    writeFileSync(join(folder.root, "workspace/go"), "");
    expect(await container.exited).toEqual({ exitCode: 4 });
    expect(listNamespace(namespace)).toEqual([]);
  });

  it("survives a kill -9 of drover, is adopted by the next one, and ends there", async () => {
    const folder = place.nextFolder();
    const spec = specOf(shell(`${hostile} sleep 91173`));
    const { child, record } = await startStack({ ...place, folder, spec });
    await untilWritten(join(folder.root, "workspace/up"));
    await killHard(child);
    const namespace = pidNamespaceOf(record.pid);
    expect(isSameProcessAlive(record)).toBe(true);
    const runtime = createRuntime(place);
    expect(runtime.adopt({ ...record, startTicks: "1" }, spec)).toBeUndefined();
    expect(runtime.adopt(record, { ...spec, name: "another" })).toBeUndefined();
    const adopted = runtime.adopt(record, spec);
    expect(adopted?.record).toEqual(record);
    adopted?.signal("SIGKILL");
    expect(await adopted?.exited).toEqual({ exitCode: 137 });
    expect(listNamespace(namespace)).toEqual([]);
    expect(runtime.adopt(record, spec)).toBeUndefined();
  });

  it("is told apart, once adopted, when its program ends by itself; its exit code is unknown then", async () => {
    const folder = place.nextFolder();
    const spec = specOf(shell(`${hostile} until [ -e go ]; do sleep 0.01; done; exit 4`));
    const { child, record } = await startStack({ ...place, folder, spec });
    await untilWritten(join(folder.root, "workspace/up"));
    await killHard(child);
    const namespace = pidNamespaceOf(record.pid);
    const adopted = createRuntime(place).adopt(record, spec);
    writeFileSync(join(folder.root, "workspace/go"), "");
    // Nobody polls for the tests' sake: this resolves on its own.
    expect(await adopted?.exited).toEqual({ exitCode: undefined });
    expect(listNamespace(namespace)).toEqual([]);
  });

  it("ends with drover when the stack is a throw-away one, even by kill -9", async () => {
    const folder = place.nextFolder();
    const spec = specOf(shell(`${hostile} sleep 91173`));
    const { child, record } = await startStack({ ...place, folder, spec, diesWithParent: true });
    await untilWritten(join(folder.root, "workspace/up"));
    const namespace = pidNamespaceOf(record.pid);
    await killHard(child);
    await until("the namespace is empty", () => listNamespace(namespace).length === 0);
  });

  it("cannot be killed by what it does to bubblewrap's reaper from inside", async () => {
    const folder = place.nextFolder();
    const script = "kill -9 1; kill -9 -1; kill -TERM 1; echo up > up; exit 6";
    const container = ending(await createRuntime(place).start(specOf(shell(script)), folder));
    expect((await container.exited).exitCode).toBeTypeOf("number");
    expect(existsSync(join(folder.root, "workspace/up"))).toBe(true);
  });

  it("that cannot start says why in bubblewrap's words", async () => {
    const start = createRuntime({ image: "/nowhere/image" }).start(specOf(shell("exit 0")), place.nextFolder());
    await expect(start).rejects.toThrow(/container workspace did not start.*\/nowhere\/image/s);
  });

  it("gives each confined container of a task a disk and, under root, a uid of its own", async () => {
    const folder = place.nextFolder();
    const runtime = createRuntime(place);
    const script = shell("echo mine > mine; ls > seen; sleep 91173");
    const agent = ending(await runtime.start(specOf(script), folder));
    const gates = ending(await runtime.start(specOf(script, { name: "gates" }), folder));
    await untilWritten(join(folder.root, "workspace/seen"));
    expect(await untilWritten(join(folder.root, "workspace-gates/seen"))).toBe("mine\nseen\n");
    if (isRoot) expect(agent.record.uid).not.toBe(gates.record.uid);
    for (const container of [agent, gates]) container.signal("SIGKILL");
    await Promise.all([agent.exited, gates.exited]);
  });
});

describe("a plain container", () => {
  it("has only the environment it is given, and its folder as working directory", async () => {
    const folder = place.nextFolder();
    const spec = plain("env; pwd", { environment: { TASK: "tsk_1" } });
    const container = ending(await createRuntime(place).start(spec, folder));
    expect(await container.exited).toEqual({ exitCode: 0 });
    const printed = readFileSync(join(folder.root, "supervisor.log"), "utf8").trim().split("\n");
    expect(printed.map((line) => line.split("=")[0]).sort()).toEqual(
      ["DROVER_CONTAINER", "DROVER_SOCKETS", "NODE_COMPILE_CACHE", "PATH", "PWD", "TASK", folder.root].sort(),
    );
    expect(printed).toContain("DROVER_SOCKETS=sockets");
  });

  it("runs drover's own runtime and code by their names in the image", async () => {
    const folder = place.nextFolder();
    const command = ["node", "--check", "/opt/drover/sandbox/supervisor.js"];
    const spec = specOf(command, { name: "supervisor", confined: false });
    expect(await ending(await createRuntime(place).start(spec, folder)).exited).toEqual({ exitCode: 0 });
  });

  it("ends with 143 after SIGTERM and takes its children along", async () => {
    const folder = place.nextFolder();
    const container = ending(
      await createRuntime(place).start(plain("(trap '' TERM; echo $$ > pid; sleep 91174) & wait"), folder),
    );
    await untilWritten(join(folder.root, "pid"));
    container.signal("SIGTERM");
    expect(await container.exited).toEqual({ exitCode: 143 });
  });

  it("survives drover, is adopted and ends there with its group", async () => {
    const folder = place.nextFolder();
    const spec = plain("trap '' TERM; sleep 91175 & echo $! > child; wait; sleep 91175");
    const { child, record } = await startStack({ ...place, folder, spec });
    const sleeper = Number(await untilWritten(join(folder.root, "child")));
    await killHard(child);
    const adopted = createRuntime(place).adopt(record, spec);
    adopted?.signal("SIGTERM");
    expect(isSameProcessAlive(record)).toBe(true);
    adopted?.signal("SIGKILL");
    expect(await adopted?.exited).toEqual({ exitCode: 137 });
    expect(existsSync(`/proc/${sleeper}/exe`)).toBe(false);
  });

  it("ends with drover when the stack is a throw-away one", async () => {
    const folder = place.nextFolder();
    const spec = plain("echo up > up; exec sleep 91176");
    const { child, record } = await startStack({ ...place, folder, spec, diesWithParent: true });
    await untilWritten(join(folder.root, "up"));
    await killHard(child);
    await until("it is gone", () => !isSameProcessAlive(record));
  });

  it("that has no program says so", async () => {
    const spec = specOf(["/nowhere/program"], { name: "supervisor", confined: false });
    await expect(createRuntime(place).start(spec, place.nextFolder())).rejects.toThrow(/\/nowhere\/program cannot be/);
  });
});

describe("a container for the confined on a machine that cannot confine", () => {
  it("runs in its workspace without our environment, and its marked daemons end with it", async () => {
    const folder = place.nextFolder();
    const runtime = createRuntime({ ...place, unconfined: true });
    const script =
      "(setsid sh -c 'sleep 91177 & echo $! > daemon; wait' &); env > environment; pwd > up; wait; sleep 91177";
    const container = ending(await runtime.start(specOf(shell(script)), folder));
    const workspace = join(folder.root, "workspace");
    expect((await untilWritten(join(workspace, "up"))).trim()).toBe(workspace);
    const daemon = Number(await untilWritten(join(workspace, "daemon")));
    const environment = readFileSync(join(workspace, "environment"), "utf8");
    expect(environment).toContain(`DROVER_WORKSPACE=${workspace}\n`);
    expect(environment).toContain("DROVER_SOCKETS=../sockets/workspace\n");
    expect(environment).toContain(`HOME=${workspace}.home\n`);
    expect(environment).not.toMatch(/DROVER_(TEST_SECRET|CONFINED)/);
    container.signal("SIGKILL");
    expect(await container.exited).toEqual({ exitCode: 137 });
    expect(existsSync(`/proc/${daemon}/exe`)).toBe(false);
  });

  it.skipIf(!isRoot)("is found by its marker where drover is an ordinary user", async () => {
    const data = support.makeDirectory();
    chownSync(data, support.ordinaryUid, support.ordinaryUid);
    chmodSync(place.base, 0o711);
    const folder = { root: join(data, "task") };
    const spec = specOf(shell("(setsid sh -c 'sleep 91180 & echo $! > daemon; wait' &); sleep 91180"));
    const { child } = await startStack({ ...place, folder, spec, unconfined: true }, { uid: support.ordinaryUid });
    const daemon = Number(await untilWritten(join(folder.root, "workspace/daemon")));
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    expect(await gone).toEqual([0, null]);
    expect(existsSync(`/proc/${daemon}/exe`)).toBe(false);
  });

  it("is adopted with its marker", async () => {
    const folder = place.nextFolder();
    const spec = specOf(shell("(setsid sh -c 'sleep 91178 & echo $! > daemon; wait' &); sleep 91178"));
    const { child, record } = await startStack({ ...place, folder, spec, unconfined: true });
    const daemon = Number(await untilWritten(join(folder.root, "workspace/daemon")));
    await killHard(child);
    const adopted = createRuntime({ ...place, unconfined: true }).adopt(record, spec);
    adopted?.signal("SIGKILL");
    await adopted?.exited;
    expect(existsSync(`/proc/${daemon}/exe`)).toBe(false);
  });
});

/** Directories without any permission, a link out of the tree, and a path longer than the kernel takes in one piece. */
const nasty = (outside: string) => `
  mkdir -p closed/inner readonly && echo x > closed/inner/file && echo x > readonly/file
  chmod 000 closed/inner closed && chmod 555 readonly && ln -s ${outside} link
  node -e 'for (let i = 0; i < 40; i++) { const d = "d".repeat(200); fs.mkdirSync(d); process.chdir(d); }' || exit 9
  echo up > up`;

describe("removing a task's disk", () => {
  it.skipIf(support.whySkipped)("works whatever modes, depths and links the agent left", async () => {
    const folder = place.nextFolder();
    const outside = support.makeDirectory();
    writeFileSync(join(outside, "kept"), "kept");
    const runtime = createRuntime(place);
    const container = ending(await runtime.start(specOf(shell(nasty(outside))), folder));
    expect(await container.exited).toEqual({ exitCode: 0 });
    await runtime.remove(folder);
    expect(existsSync(folder.root)).toBe(false);
    expect(readFileSync(join(outside, "kept"), "utf8")).toBe("kept");
    await runtime.remove(folder);
  });

  it.skipIf(support.whySkipped || !isRoot)("works for an ordinary user too", async () => {
    const data = support.makeDirectory();
    chownSync(data, support.ordinaryUid, support.ordinaryUid);
    chmodSync(place.base, 0o711);
    const folder = { root: join(data, "task") };
    const spec = specOf(shell(`${nasty("/tmp")}; sleep 91179`));
    const { child } = await startStack({ ...place, folder, spec }, { uid: support.ordinaryUid });
    await untilWritten(join(folder.root, "workspace/up"));
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    expect(await gone).toEqual([0, null]);
    expect(existsSync(folder.root)).toBe(false);
  });

  it.skipIf(support.whySkipped)("ends a container that drover was killed before it could record", async () => {
    const folder = place.nextFolder();
    const { child, record } = await startStack({ ...place, folder, spec: specOf(shell(`${hostile} sleep 91173`)) });
    await untilWritten(join(folder.root, "workspace/up"));
    await killHard(child);
    const namespace = pidNamespaceOf(record.pid);
    await createRuntime(place).remove(folder);
    expect(listNamespace(namespace)).toEqual([]);
    expect(existsSync(folder.root)).toBe(false);
  });

  it("refuses a path that is no folder of a task", async () => {
    await expect(createRuntime(place).remove({ root: "/" })).rejects.toThrow("Refusing to remove /");
    symlinkSync(place.base, join(place.base, "link"));
    await createRuntime(place).remove({ root: join(place.base, "link") });
    expect(existsSync(place.image)).toBe(true);
  });
});
