// Which processes live on this machine, and is this one still the one we recorded? Read from /proc (Linux).
import { readdirSync, readFileSync } from "node:fs";
import type { ContainerRecord } from "../containers.ts";

export interface ProcessRow {
  pid: number;
  parent: number;
  group: number;
  session: number;
  /** Start time in clock ticks since boot: with the pid it names one process for as long as the machine is up. */
  startTicks: string;
  threads: number;
  /** In memory now, shared pages included; 0 when the first thread has ended and others go on. */
  residentPages: number;
}

/** The process with this pid. A zombie counts as gone, since it runs nothing; but not while others of its threads run. */
export function readProcess(pid: number): ProcessRow | undefined {
  const stat = readProcFile(pid, "stat");
  // The second field is the program's name in brackets, and may itself hold spaces and brackets.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, parent, group, session] = fields ?? [];
  const startTicks = fields?.[19];
  const threads = Number(fields?.[17]);
  if (!state || !startTicks || ((state === "Z" || state === "X") && threads <= 1)) return undefined;
  const residentPages = Number(fields?.[21]);
  return {
    pid,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    startTicks,
    threads,
    residentPages,
  };
}

export function listProcesses(): ProcessRow[] {
  return readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? (readProcess(Number(name)) ?? []) : []));
}

/** The size of a page in memory, which differs between machines; AT_PAGESZ of the auxiliary vector. */
export function readPageBytes(): number {
  const vector = readFileSync("/proc/self/auxv");
  for (let at = 0; at + 16 <= vector.length; at += 16) {
    if (vector.readBigUInt64LE(at) === 6n) return Number(vector.readBigUInt64LE(at + 8));
  }
  throw new Error("/proc/self/auxv does not tell the size of a page.");
}

export function isAlive(record: ContainerRecord): boolean {
  return readProcess(record.pid)?.startTicks === record.startTicks;
}

/** The pid that a process has in its innermost pid namespace. */
export function readInnerPid(pid: number): number | undefined {
  const match = /^NSpid:.*?(\d+)$/m.exec(readProcFile(pid, "status") ?? "");
  return match ? Number(match[1]) : undefined;
}

export function readUid(pid: number): number | undefined {
  const match = /^Uid:\s+(\d+)/m.exec(readProcFile(pid, "status") ?? "");
  return match ? Number(match[1]) : undefined;
}

/** The environment that a process was started with; undefined where we may not look. */
export function readEnvironment(pid: number): Record<string, string> | undefined {
  const text = readProcFile(pid, "environ");
  if (text === undefined) return undefined;
  return Object.fromEntries(
    text
      .split("\0")
      .filter((entry) => entry.includes("="))
      .map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
  );
}

/**
 * False when there is nothing to signal: the process is gone, or has become another user's (sudo, unconfined only).
 * Between a look and the signal a pid could change hands: callers look just before.
 */
export function sendSignal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ESRCH" || code === "EPERM") return false;
    throw error;
  }
}

function readProcFile(pid: number, name: "stat" | "status" | "environ"): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return undefined; // gone, or another user's: neither is ours to see
  }
}
