// How much may one confined container take, of what the kernel counts per process or per user namespace?
import { readFileSync } from "node:fs";
import type { ContainerLimits } from "../containers.ts";

/** These lie in memory, so they count there, too. */
export const tmpfsBytes = { tmp: 1 << 30, home: 1 << 30, shm: 64 << 20 } as const;

const mebibyte = 2 ** 20;
const mostProcesses = 2048;
const mostFileBytes = 8 * 2 ** 30;
export const mostOpenFiles = 16_384;

/** What one file may grow to: no more than the disk. */
export const fileBytesOf = (limits?: ContainerLimits) =>
  limits ? Math.min(limits.diskMb * mebibyte, mostFileBytes) : mostFileBytes;

/**
 * `prlimit --nproc=… --`: what stands after it runs within the limits. Not memory: Node keeps half a gigabyte of
 * RLIMIT_DATA and ten of RLIMIT_AS at rest, so neither can be set to what a container may really use.
 */
export function limitCommand(limits?: ContainerLimits): string[] {
  /** prlimit's option, the kernel's name, and what we want at most. */
  const wanted = [
    // Counted per user namespace, so two containers of one uid do not share it. Not kept for uid 0. Threads count.
    ["nproc", "Max processes", limits?.processes ?? mostProcesses],
    ["nofile", "Max open files", mostOpenFiles],
    ["core", "Max core file size", 0],
    ["fsize", "Max file size", fileBytesOf(limits)],
  ] as const;
  const ours = readFileSync("/proc/self/limits", "utf8");
  return ["prlimit", ...wanted.map(([option, name, most]) => `--${option}=${capAt(ours, name, most)}`), "--"];
}

/** A hard limit can only be lowered: asking for more than we have would be refused. */
function capAt(limits: string, name: string, most: number): number {
  const hard = new RegExp(`^${name} +\\S+ +(\\d+)`, "m").exec(limits)?.[1];
  return hard === undefined ? most : Math.min(Number(hard), most);
}
