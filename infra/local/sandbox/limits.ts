// How much may one confined container take? Limits that the kernel keeps per process or per user namespace.
import { readFileSync } from "node:fs";

/** Memory has no honest limit of this kind: RLIMIT_AS breaks WebAssembly in Node. The tmpfs sizes bound what is stored. */
export const tmpfsBytes = { tmp: 1 << 30, home: 1 << 30, shm: 64 << 20 } as const;

/** prlimit's option, the kernel's name, and what we want at most. */
const wanted = [
  // Counted per user namespace, so two containers of one uid do not share it. Not kept for uid 0. Threads count.
  ["nproc", "Max processes", 2048],
  ["nofile", "Max open files", 16_384],
  ["core", "Max core file size", 0],
  ["fsize", "Max file size", 8 * 2 ** 30],
] as const;

/** `prlimit --nproc=… --`: what stands after it runs within the limits. */
export function limitCommand(): string[] {
  const limits = readFileSync("/proc/self/limits", "utf8");
  return ["prlimit", ...wanted.map(([option, name, most]) => `--${option}=${capAt(limits, name, most)}`), "--"];
}

/** A hard limit can only be lowered: asking for more than we have would be refused. */
function capAt(limits: string, name: string, most: number): number {
  const hard = new RegExp(`^${name} +\\S+ +(\\d+)`, "m").exec(limits)?.[1];
  return hard === undefined ? most : Math.min(Number(hard), most);
}
