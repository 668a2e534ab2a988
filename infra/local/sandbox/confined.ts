// How does a confined container start, and when is it known to run?
import { spawn } from "node:child_process";
import { closeSync } from "node:fs";
import type { Socket } from "node:net";
import type { ContainerSpec, TaskFolder } from "../containers.ts";
import { buildArguments, type Confinement, descriptors } from "./bubblewrap.ts";
import { cgroupNameOf, makeCgroup } from "./cgroup.ts";
import { chooseCpus } from "./cpus.ts";
import { prepareDisk, socketsOf } from "./disk.ts";
import { findProgram } from "./find-program.ts";
import { coverInherited } from "./inherited.ts";
import type { Keepers } from "./keepers.ts";
import { logBytes, openLog } from "./log.ts";
import { markerOf, markerVariable } from "./members.ts";
import type { Started } from "./plain.ts";
import { readProcess } from "./process-table.ts";
import { type Architecture, buildSeccompProgram } from "./seccomp.ts";
import { buildCommand, type StartOptions } from "./start-command.ts";

interface ConfinedOptions {
  image: string;
  uid: number | undefined;
  diesWithParent: boolean;
  keepers: Keepers;
  /** For tests that show what a safeguard is good for: takes it out of bubblewrap's arguments. No setting leads here. */
  weaken?: Weaken;
}

export type Weaken = (given: readonly string[]) => string[];

interface SpawnOptions extends Omit<StartOptions, "logBytes" | "hasCgroup"> {
  output: number | "pipe";
  /** An open `cgroup.procs`. */
  cgroup?: number | undefined;
  weaken?: Weaken | undefined;
  /** What bubblewrap itself is started with; its container gets the environment of the confinement. */
  outside?: Readonly<Record<string, string>>;
}

const startMs = 20_000;

/** Starts a container in its own namespaces; rejects with bubblewrap's own words when it does not come up. */
export async function startConfined(
  spec: ContainerSpec,
  folder: TaskFolder,
  { image, uid, diesWithParent, keepers, weaken }: ConfinedOptions,
): Promise<Started> {
  const { limits } = spec;
  const imageMb = keepers.whyNoDisks ? undefined : limits?.diskMb;
  const disk = await prepareDisk(folder, spec.name, { uid, imageMb });
  const { workspace } = disk;
  const sockets = socketsOf(folder, spec.name);
  const confinement = { image, workspace, sockets, environment: spec.environment };
  const log = openLog(folder, spec);
  const { cgroups } = keepers;
  const cgroup =
    limits && cgroups.kind === "found" ? makeCgroup(cgroups, cgroupNameOf(folder, spec.name), limits) : undefined;
  const cpus = limits && !(cgroups.kind === "found" && cgroups.hasCpu) ? chooseCpus(limits.cpuUnits) : undefined;
  try {
    const running = spawnConfined(confinement, spec.command, {
      ...{ uid, diesWithParent, limits, cpus, weaken },
      cgroup: cgroup?.descriptor,
      output: log.descriptor,
      outside: { [markerVariable]: markerOf(folder, spec.name) },
      disk: disk.image ? { image: disk.image, directory: workspace } : undefined,
    });
    const pid = await running.ready;
    if (pid) {
      // Watching a container must not keep drover alive, since the container may outlive it.
      running.release();
      // A program may well have ended by now: that is for its exit code to tell.
      const startTicks = readProcess(pid)?.startTicks ?? "ended";
      const kept = {
        ...(cgroup && { cgroup: cgroup.path }),
        ...(limits && !disk.image && { watchedDisk: workspace }),
      };
      return { record: { pid, startTicks, ...(uid && { uid }), ...kept }, mainEnded: running.ended };
    }
    running.child.kill("SIGKILL");
    await running.ended;
    throw new Error(`The container ${spec.name} did not start. ${log.readNew() || "bubblewrap said nothing."}`);
  } finally {
    log.close();
    if (cgroup) closeSync(cgroup.descriptor);
  }
}

/** Also what the probe runs: the real thing, with nothing but the disks left out. */
export function spawnConfined(confinement: Confinement, command: readonly string[], options: SpawnOptions) {
  const { output, outside, cgroup, weaken = (given) => [...given], ...start } = options;
  const bubblewrap = findProgram("bwrap");
  if (!bubblewrap) throw new Error("bubblewrap is not installed, so nothing can be confined on this machine.");
  const [program = "", ...rest] = buildCommand(bubblewrap, command, {
    ...start,
    logBytes,
    hasCgroup: cgroup !== undefined,
  });
  const child = spawn(program, rest, {
    cwd: "/",
    env: { ...outside, PATH: "/usr/local/bin:/usr/bin:/bin" },
    // A session of its own: a Ctrl-C meant for drover must not end what is to outlive it.
    detached: true,
    stdio: coverInherited(["ignore", output, output, "pipe", "pipe", "pipe", "pipe", ...(cgroup ? [cgroup] : [])]),
  });
  const extra = child.stdio.slice(descriptors.seccomp, descriptors.args + 1) as Socket[];
  // Either end may close at any moment; that the container ended is told by its exit.
  for (const socket of extra) socket.on("error", () => undefined);
  const [seccomp, status, up, args] = extra;
  seccomp?.end(buildSeccompProgram(architecture(), { inCgroup: cgroup !== undefined }));
  args?.end(weaken(buildArguments(confinement)).join("\0"));
  const exitCode = findMatch(status, /"exit-code": (\d+)/);
  const innerPid = findMatch(status, /"child-pid": (\d+)/);

  const ended = new Promise<number | undefined>((resolve) => {
    child.once("error", () => resolve(undefined));
    child.once("close", () => resolve(exitCode.number()));
  });
  const ready = new Promise<number | undefined>((resolve) => {
    const timer = setTimeout(() => resolve(undefined), startMs);
    ended.then(() => resolve(undefined)).finally(() => clearTimeout(timer));
    // The shell inside speaks once every mount is made and the program is next.
    Promise.all([innerPid.found, findMatch(up, /(1)/).found]).then(([pid]) => {
      clearTimeout(timer);
      resolve(pid);
    });
  });
  const release = () => [child, ...extra].forEach((handle) => void handle.unref());
  return { child, ready, ended, release };
}

function findMatch(stream: Socket | undefined, pattern: RegExp) {
  let number: number | undefined;
  const found = new Promise<number>((resolve) => {
    let text = "";
    stream?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const match = pattern.exec(text)?.[1];
      if (match === undefined || number !== undefined) return;
      number = Number(match);
      resolve(number);
    });
  });
  return { found, number: () => number };
}

function architecture(): Architecture {
  if (process.arch === "x64" || process.arch === "arm64") return process.arch;
  throw new Error(`There is no system call filter for ${process.arch}; drover confines on x64 and arm64.`);
}
