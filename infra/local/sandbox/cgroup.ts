// Where can we have the kernel keep a container's memory and CPU as a whole? In a cgroup (v2) of our own, if we may make one.
import { accessSync, constants, mkdirSync, openSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ContainerLimits, TaskFolder } from "../containers.ts";
import { markerOf } from "./members.ts";

export type CgroupBase = { kind: "found"; path: string; hasCpu: boolean } | { kind: "none"; why: string };

export interface Cgroup {
  path: string;
  /** Its `cgroup.procs`, opened here: whoever writes 0 to it is in the cgroup, whatever uid it has by then. */
  descriptor: number;
}

/** `cpu` of a task definition. */
export const cpuUnitsPerCpu = 1024;

const mebibyte = 2 ** 20;
const removeTries = 40;
const removeAgainMs = 25;
const cpuPeriodUs = 100_000;
const baseName = "drover";
/** Where our own processes go when they stand in the way: a cgroup with processes cannot be divided. */
const ownName = "drover-main";

/**
 * The topmost cgroup that is ours to divide: for root the root of all, for an ordinary user what systemd has
 * delegated to them. Makes `drover` in it, in which every container gets one of its own.
 */
export function findCgroupBase(): CgroupBase {
  const mount = /^\S+ \S+ \S+ \/\S* (\S+) .* - cgroup2 /m.exec(readFileSync("/proc/self/mountinfo", "utf8"))?.[1];
  const own = /^0::(\/.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1];
  if (!mount || own === undefined) return { kind: "none", why: "this machine has no cgroups of version 2" };
  if (!listControllers(mount).includes("memory")) {
    return {
      kind: "none",
      why: "cgroup version 2 does not hold the memory controller here; version 1 does, or nothing",
    };
  }
  const names = own.split("/").filter(Boolean);
  const chain = [mount, ...names.map((_, index) => join(mount, ...names.slice(0, index + 1)))];
  const top = chain.find(isOursToDivide);
  if (!top) {
    const remedy = "Start drover with `systemd-run --user --scope -p Delegate=yes npm start` to have them.";
    return { kind: "none", why: `no cgroup here may be divided by this user. ${remedy}` };
  }
  try {
    divide(top);
    const path = join(top, baseName);
    mkdirSync(path, { recursive: true });
    divide(path);
    return { kind: "found", path, hasCpu: listControllers(path, "cgroup.subtree_control").includes("cpu") };
  } catch (error) {
    return { kind: "none", why: `${top} could not be divided: ${(error as Error).message}` };
  }
}

export const cgroupNameOf = (folder: TaskFolder, containerName: string) =>
  markerOf(folder, containerName).replace("/", "-");

export function makeCgroup(base: CgroupBase & { kind: "found" }, name: string, limits: ContainerLimits): Cgroup {
  const path = join(base.path, name);
  mkdirSync(path, { recursive: true });
  const set = (file: string, value: string) => writeFileSync(join(path, file), value);
  set("memory.max", String(limits.memoryMb * mebibyte));
  set("memory.oom.group", "1");
  if (isWritable(join(path, "memory.swap.max"))) set("memory.swap.max", "0");
  if (base.hasCpu) set("cpu.max", `${Math.ceil((limits.cpuUnits / cpuUnitsPerCpu) * cpuPeriodUs)} ${cpuPeriodUs}`);
  return { path, descriptor: openSync(join(path, "cgroup.procs"), constants.O_WRONLY) };
}

/** The kernel ended the container for its memory. */
export function hasRunOutOfMemory(cgroup: string): boolean {
  return /^oom_kill [1-9]/m.test(readOrNothing(join(cgroup, "memory.events")));
}

/** Its last processes may still be on their way out, of which nobody tells. */
export async function removeCgroup(cgroup: string): Promise<void> {
  for (let tries = 0; tries < removeTries; tries++) {
    try {
      return rmdirSync(cgroup);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EBUSY") return;
      await delay(removeAgainMs);
    }
  }
}

function divide(path: string): void {
  const wanted = ["memory", "cpu"].filter((name) => listControllers(path).includes(name));
  const missing = wanted.filter((name) => !listControllers(path, "cgroup.subtree_control").includes(name));
  if (missing.length === 0) return;
  const enable = () => writeFileSync(join(path, "cgroup.subtree_control"), missing.map((name) => `+${name}`).join(" "));
  try {
    enable();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EBUSY") throw error;
    moveProcesses(path, join(path, ownName));
    enable();
  }
}

function moveProcesses(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const pid of readOrNothing(join(from, "cgroup.procs")).split("\n").filter(Boolean)) {
    writeFileSync(join(to, "cgroup.procs"), pid);
  }
}

function isOursToDivide(path: string): boolean {
  const files = ["", "cgroup.procs", "cgroup.subtree_control"];
  return listControllers(path).includes("memory") && files.every((file) => isWritable(join(path, file)));
}

function listControllers(path: string, file = "cgroup.controllers"): string[] {
  return readOrNothing(join(path, file)).split(/\s+/);
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false; // absent, or another user's
  }
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // not there on this kernel
  }
}
