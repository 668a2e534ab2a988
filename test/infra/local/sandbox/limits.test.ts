// Does a container that takes more than it was given end, and does the reason say of what?
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { ContainerLimits } from "../../../../infra/local/containers.ts";
import { findProgram } from "../../../../infra/local/sandbox/find-program.ts";
import { findKeepers, type Keepers, watchers } from "../../../../infra/local/sandbox/keepers.ts";
import { createRuntime } from "../../../../infra/local/sandbox/runtime.ts";
import * as support from "./support.ts";

const { ending, isRoot, makePlace, shell, specOf, untilWritten } = support;

const ample: ContainerLimits = { memoryMb: 4_096, cpuUnits: 1_024, processes: 2_048, diskMb: 1_024 };
const found = await findKeepers();
const byImage: Keepers = { ...watchers, whyNoDisks: undefined };

let place: Awaited<ReturnType<typeof makePlace>>;
beforeAll(async () => {
  place = await makePlace();
});

async function run(command: string[], limits: Partial<ContainerLimits>, keepers = watchers) {
  const folder = place.nextFolder();
  const spec = specOf(command, { limits: { ...ample, ...limits } });
  const container = ending(await createRuntime({ ...place, keepers }).start(spec, folder));
  return { folder, container, ...(await container.exited) };
}

const node = (script: string) => ["node", "-e", script];
/** Touches every page, so that it is really taken. */
const take = (megabytes: number) => `globalThis.kept = Buffer.alloc(${megabytes} * 2 ** 20, 1);`;
const stay = "setTimeout(() => process.exit(0), 2500);";

const memoryTricks: [string, string[]][] = [
  ["in one process", node(take(300) + stay)],
  ["spread over many processes", shell(`for i in 1 2 3 4 5 6; do node -e '${take(60)}${stay}' & done; wait`)],
  ["in files that lie in memory", shell("head -c 300M /dev/zero > /tmp/a; sleep 2.5")],
  ["in anonymous memory that is shared", ["perl", "-e", 'open F, "+>", undef; $x = "x" x (300 << 20); sleep 3']],
];

const memfdCreate = process.arch === "x64" ? 319 : 279;
const openMemfd = `my $name = "x"; my $fd = syscall(${memfdCreate}, $name, 0); open my $F, ">&=", $fd`;

describe.skipIf(support.whySkipped)(support.titleOf("memory without a cgroup"), () => {
  it.each(memoryTricks)("ends a container that takes too much of it %s", async (_how, command) => {
    expect(await run(command, { memoryMb: 256 })).toMatchObject({
      exitCode: 137,
      reason: "OutOfMemoryError: The sandbox used more than its 256 MB of memory.",
    });
  });

  it.each(memoryTricks)("leaves a container alone that has as much as it takes %s", async (_how, command) => {
    const { exitCode, reason } = await run(command, { memoryMb: 2_048 });
    expect({ exitCode, reason }).toEqual({ exitCode: 0, reason: undefined });
  });

  it("cannot be had from calls whose memory belongs to no process", async () => {
    // memfd_create and a large shmget, on x64 and arm64.
    const calls = process.arch === "x64" ? [319, 29] : [279, 194];
    const script = `my $name = "x"; my @r = (syscall(${calls[0]}, $name, 0), 0 + $!);
      push @r, syscall(${calls[1]}, 0, 100 << 20, 01600), 0 + $!; push @r, syscall(${calls[1]}, 0, 4096, 01600) >= 0 ? 1 : 0;
      open F, ">", "r"; print F "@r"`;
    const { folder } = await run(["perl", "-e", script], {});
    expect(await untilWritten(join(folder.root, "workspace/r"))).toBe("-1 38 -1 1 1");
  });

  it.skipIf(!findProgram("gcc"))("is counted even when the first thread of its process has ended", async () => {
    const folder = place.nextFolder();
    const source = `#include <pthread.h>
      #include <stdlib.h>
      #include <string.h>
      #include <unistd.h>
      char *volatile kept;
      static void *grow(void *x) { usleep(300000); kept = malloc(300u << 20); memset(kept, 1, 300u << 20); sleep(3); exit(0); }
      int main(void) { pthread_t t; pthread_create(&t, 0, grow, 0); pthread_exit(0); }`;
    const workspace = support.makeWorkspace(folder);
    execFileSync("gcc", ["-x", "c", "-O1", "-pthread", "-o", join(workspace, "headless"), "-"], { input: source });
    const spec = specOf(["/workspace/headless"], { limits: { ...ample, memoryMb: 256 } });
    const { reason } = await ending(await createRuntime(place).start(spec, folder)).exited;
    expect(reason).toMatch(/^OutOfMemoryError/);
  });
});

const noCgroup = found.cgroups.kind === "none" ? found.cgroups.why : undefined;
const byCgroup = `memory and CPU with a cgroup${noCgroup ? ` (skipped: ${noCgroup})` : ""}`;

describe.skipIf(support.whySkipped || noCgroup)(byCgroup, () => {
  const keepers = { ...watchers, cgroups: found.cgroups };
  const listCgroups = () =>
    found.cgroups.kind === "found" ? readdirSync(found.cgroups.path).filter((name) => name.endsWith("-workspace")) : [];

  it.each([
    ...memoryTricks,
    ["in a file that has no name", ["perl", "-e", `${openMemfd}; syswrite $F, "x" x (1 << 20) for 1..300; sleep 3`]],
  ])("ends a container that takes too much memory %s", async (_how, command) => {
    expect(await run(command as string[], { memoryMb: 256 }, keepers)).toMatchObject({
      exitCode: 137,
      reason: "OutOfMemoryError: The sandbox used more than its 256 MB of memory.",
    });
    expect(listCgroups()).toEqual([]);
  });

  it.each(memoryTricks)("leaves a container alone that has as much as it takes %s", async (_how, command) => {
    const { exitCode, reason } = await run(command, { memoryMb: 1_024 }, keepers);
    expect({ exitCode, reason }).toEqual({ exitCode: 0, reason: undefined });
  });

  it("is known as the cause, also when it happens before the next drover has found the container", async () => {
    const folder = place.nextFolder();
    const script = `until [ -e go ]; do sleep 0.01; done; ${node(take(300))
      .map((part) => `'${part}'`)
      .join(" ")}`;
    const spec = specOf(shell(script), { limits: { ...ample, memoryMb: 256 } });
    const { child, record } = await support.startStack({ ...place, folder, spec, keepers });
    await support.killHard(child);
    const adopted = createRuntime({ ...place, keepers }).adopt(record, spec);
    writeFileSync(join(folder.root, "workspace/go"), "");
    expect(await adopted?.exited).toMatchObject({ reason: expect.stringMatching(/^OutOfMemoryError/) });
    expect(listCgroups()).toEqual([]);
  });

  it("gives the part of a CPU that the units ask for, whatever wants more", async () => {
    const busy = `const start = Date.now(), before = process.cpuUsage();
      while (Date.now() - start < 4000);
      const { user, system } = process.cpuUsage(before);
      fs.writeFileSync(process.argv[1], String((user + system) / 1000 / (Date.now() - start)))`;
    const script = `node -e '${busy}' a & node -e '${busy}' b & wait; echo $(cat a) $(cat b) > sum`;
    const { folder } = await run(shell(script), { cpuUnits: 512 }, keepers);
    const [a = 0, b = 0] = (await untilWritten(join(folder.root, "workspace/sum"))).split(" ").map(Number);
    expect(a + b).toBeLessThan(0.7);
    expect(a + b).toBeGreaterThan(0.2);
  });
});

describe.skipIf(support.whySkipped)(support.titleOf("processes"), () => {
  const bomb = ["perl", "-e", "for (;;) { fork }"];

  it("ends a fork bomb, which the kernel has kept within its limit", async () => {
    expect(await run(bomb, { processes: 200 })).toMatchObject({
      exitCode: 137,
      reason: "ProcessLimitError: The sandbox ran all of its 200 processes and threads at once.",
    });
  });

  it("leaves a container alone that stays below", async () => {
    const { exitCode, reason } = await run(shell("for i in $(seq 50); do sleep 1 & done; wait"), { processes: 200 });
    expect({ exitCode, reason }).toEqual({ exitCode: 0, reason: undefined });
  });
});

describe.skipIf(support.whySkipped)(support.titleOf("a disk that is measured"), () => {
  const reason = "DiskLimitError: The sandbox wrote more than its 64 MB of disk.";

  it.each([
    ["in one file", "head -c 100M /dev/zero > a; sleep 20"],
    ["in space that is set aside", "fallocate -l 40M a; fallocate -l 40M b; sleep 20"],
    ["in directories that nobody may enter", "mkdir -p x/y; head -c 100M /dev/zero > x/y/a; chmod 000 x; sleep 20"],
    ["in a file that has lost its name", "exec 9> a; rm a; head -c 100M /dev/zero >&9; sleep 20"],
    ["in more files than there could be", `perl -e 'for (1..9000) { open F, ">", $_ }'; sleep 60`],
  ])("ends a container that writes too much %s", async (_how, script) => {
    expect(await run(shell(script), { diskMb: 64 })).toMatchObject({ exitCode: 137, reason });
  });

  it("leaves a container alone whose files only say that they are large", async () => {
    const { exitCode, reason } = await run(shell("truncate -s 60M a; rm a; head -c 30M /dev/zero > b; sleep 1"), {
      diskMb: 64,
    });
    expect({ exitCode, reason }).toEqual({ exitCode: 0, reason: undefined });
  });
});

describe.skipIf(support.whySkipped || !isRoot)(support.titleOf("the limits of a drover without root's rights"), () => {
  it.each([
    [
      "disk, also in directories closed to everyone",
      "mkdir x; head -c 40M /dev/zero > x/a; head -c 40M /dev/zero > x/b; chmod 000 x",
      { diskMb: 64 },
      /^DiskLimit/,
    ],
    ["memory, also where it lies in files", "head -c 300M /dev/zero > /tmp/a", { memoryMb: 256 }, /^OutOfMemory/],
  ])("see what is taken of %s", async (_what, script, limits, reason) => {
    const data = support.makeDirectory();
    chownSync(data, support.ordinaryUid, support.ordinaryUid);
    chmodSync(place.base, 0o711);
    const spec = specOf(shell(`sleep 1; ${script}; sleep 60`), { limits: { ...ample, ...limits } });
    const order = { ...place, folder: { root: join(data, "task") }, spec };
    const { child } = await support.startStack(order, { uid: support.ordinaryUid });
    const [line] = await once(child.stdout ?? child, "data");
    expect(JSON.parse(String(line)).reason).toMatch(reason);
  });
});

describe.skipIf(support.whySkipped || !isRoot || found.whyNoDisks)(support.titleOf("a disk of its own size"), () => {
  const rest = "df --output=size -BM . | tail -1 > size; ls -A > seen; id -u > who";

  it("is what a workspace has, empty and its user's own; the machine sees nothing of it", async () => {
    const script = `${rest}; cat size seen who >&2; head -c 100M /dev/zero > a; echo "code $?" >&2; test -s a`;
    const { folder, exitCode, reason } = await run(shell(script), { diskMb: 64 }, byImage);
    const log = await untilWritten(join(folder.root, "workspace.log"));
    expect(log).toMatch(/^\s*[56]\dM\nseen\nsize\n1000\n/);
    expect(log).toContain("code 1\n");
    expect(log).toContain("No space left on device");
    expect({ exitCode, reason }).toEqual({ exitCode: 0, reason: undefined });
    expect(readdirSync(join(folder.root, "workspace"))).toEqual([]);
    expect(statSync(join(folder.root, "workspace.img")).mode & 0o077).toBe(0);
  });

  it("goes with its last process, whatever holds it, and leaves no loop device behind", async () => {
    const folder = place.nextFolder();
    const spec = specOf(shell("exec 9> open; echo up > up; sleep 1000 & sleep 1000"), { limits: ample });
    const container = ending(await createRuntime({ ...place, keepers: byImage }).start(spec, folder));
    const image = join(folder.root, "workspace.img");
    const devices = () =>
      execFileSync("losetup", ["--list", "--noheadings", "--associated", image], { encoding: "utf8" });
    await untilWritten(`/proc/${container.record.pid}/root/workspace/up`);
    expect(devices()).not.toBe("");
    container.signal("SIGKILL");
    await container.exited;
    await support.until("the loop device is free", () => devices() === "");
    await createRuntime({ ...place, keepers: byImage }).remove(folder);
    expect(existsSync(folder.root)).toBe(false);
  });

  it("has room again once something is removed, and gives it back to the machine", async () => {
    const folder = place.nextFolder();
    const script = "head -c 40M /dev/urandom > a; sync a; rm a; sync .; head -c 40M /dev/urandom > b; rm b; sync .";
    const spec = specOf(shell(script), { limits: { ...ample, diskMb: 64 } });
    const container = ending(await createRuntime({ ...place, keepers: byImage }).start(spec, folder));
    expect(await container.exited).toEqual({ exitCode: 0 });
    await support.until("the blocks are free", () => {
      return statSync(join(folder.root, "workspace.img")).blocks * 512 < 8 * 2 ** 20;
    });
  });
});

describe.skipIf(support.whySkipped || availableParallelism() < 2)(support.titleOf("CPU without a cgroup"), () => {
  it("is as many CPUs as the units ask for, and the container cannot take more", async () => {
    const call = process.arch === "x64" ? 203 : 122;
    const script = `nproc > cpus; perl -e 'my $m = pack("Q", 255); print syscall(${call}, 0, 8, $m), " ", 0 + $!' >> cpus`;
    const { folder } = await run(shell(`${script}; mv cpus report`), { cpuUnits: 1_024 });
    expect(await untilWritten(join(folder.root, "workspace/report"))).toBe("1\n-1 1");
    const more = await run(shell("nproc > cpus; mv cpus report"), { cpuUnits: 1_024 * availableParallelism() });
    expect(await untilWritten(join(more.folder.root, "workspace/report"))).toBe(`${availableParallelism()}\n`);
  });
});

describe("who keeps the limits", () => {
  it("is found out by trying, and said for each of them", async () => {
    const { describeLimits, listMeasured } = await import("../../../../infra/local/sandbox/keepers.ts");
    const why = { kind: "none", why: "there are none" } as const;
    expect(describeLimits({ cgroups: why, whyNoDisks: "it cannot" }, ample)).toEqual([
      "memory: 4,096 MB, measured, since there are none",
      "CPU: 1, on 1 CPU(s) that it cannot leave",
      "processes and threads: 2,048, kept by the kernel",
      "disk: 1,024 MB, measured, since it cannot",
      "one file: 1,024 MB, kept by the kernel",
      "open files of a process: 16,384, kept by the kernel",
    ]);
    const cgroups = { kind: "found", path: "/x", hasCpu: true } as const;
    expect(describeLimits({ cgroups, whyNoDisks: undefined }, { ...ample, cpuUnits: 512 })).toEqual([
      "memory: 4,096 MB, kept by a cgroup",
      "CPU: 0.5, kept by a cgroup",
      "processes and threads: 2,048, kept by the kernel",
      "disk: 1,024 MB, kept by an image of that size",
      "one file: 1,024 MB, kept by the kernel",
      "open files of a process: 16,384, kept by the kernel",
    ]);
    expect(listMeasured({ cgroups, whyNoDisks: undefined })).toEqual([]);
    expect(listMeasured({ cgroups: why, whyNoDisks: "it cannot" })).toEqual(["memory", "disk"]);
  });
});
