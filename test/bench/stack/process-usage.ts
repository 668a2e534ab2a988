// What do a process and all that it has started take of this machine, as its kernel counts it?
import { readdirSync, readFileSync } from "node:fs";
import { listMembers } from "../../../infra/local/sandbox/usage.ts";

interface Stat {
  pid: number;
  parent: number;
  /** Of the process and of its children that have ended. */
  ticks: number;
}

/** USER_HZ, which Linux keeps at 100 for whoever reads /proc. */
const msPerTick = 10;

function readStat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return { pid, parent: Number(fields[1]), ticks };
  } catch {
    return undefined; // It has ended.
  }
}

/** The process itself first. */
export const treeOf = (root: number): number[] => statsOf(root).map(({ pid }) => pid);

function statsOf(root: number): Stat[] {
  const all = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? (readStat(Number(name)) ?? []) : []));
  return listMembers(root, all);
}

/** CPU time of a process and all below it since they began. */
export const cpuMsOf = (root: number): number => statsOf(root).reduce((sum, { ticks }) => sum + ticks, 0) * msPerTick;

/** What is in memory of these processes alone, and their part of what they share with others. */
export function pssMbOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + readPssKb(pid), 0) / 1024;
}

function readPssKb(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0; // It has ended.
  }
}

export const descriptorsOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;
