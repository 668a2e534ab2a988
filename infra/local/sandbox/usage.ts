// How much do the processes of a container take, when no cgroup counts it?
import { readdirSync, readFileSync, statfsSync, statSync } from "node:fs";
import { type ProcessRow, readPageBytes, readProcess } from "./process-table.ts";

const kibibyte = 1024;
const blockBytes = 512;
const pageBytes = readPageBytes();
/** Files in memory, as seen from the root of the container. */
const memoryMounts = ["tmp", "home/agent", "dev/shm"];

/**
 * Everything in a pid namespace descends from its first process: who loses a parent is given to that one. A list of all
 * processes is read once for all containers.
 */
export function listMembers<Row extends Pick<ProcessRow, "pid" | "parent">>(first: number, all: readonly Row[]): Row[] {
  const byParent = Map.groupBy(all, (row) => row.parent);
  const members = all.filter((row) => row.pid === first);
  // The list grows while it is gone through.
  for (const { pid } of members) members.push(...(byParent.get(pid) ?? []));
  return members;
}

/** At least what they take: pages that several share count for each. Cheap, so it is asked first. */
export function estimateMemory(first: number, members: readonly ProcessRow[]): number {
  const pages = members.reduce((sum, row) => sum + countPages(row), 0);
  return pages * pageBytes + measureFilesInMemory(first);
}

/** What they take, shared pages divided among those who share them. */
export function measureMemory(first: number, members: readonly ProcessRow[]): number {
  return members.reduce((sum, row) => sum + measureProcess(row), 0) + measureFilesInMemory(first);
}

/** A process whose first thread has ended shows its memory only in the others. */
function countPages({ pid, threads, residentPages }: ProcessRow): number {
  if (residentPages > 0 || threads <= 1) return residentPages;
  return listNames(`/proc/${pid}/task`).reduce((most, thread) => {
    return Math.max(most, readProcess(Number(thread))?.residentPages ?? 0);
  }, 0);
}

function measureProcess(row: ProcessRow): number {
  const threads = row.residentPages > 0 ? [String(row.pid)] : listNames(`/proc/${row.pid}/task`);
  for (const thread of threads) {
    const text = readOrNothing(`/proc/${thread}/smaps_rollup`);
    // Files that are mapped (the program itself) are the machine's cache and can be dropped.
    const parts = [...text.matchAll(/^Pss_(?:Anon|Shmem):\s+(\d+) kB$/gm)].map((match) => Number(match[1]));
    if (parts.length > 0) return parts.reduce((sum, part) => sum + part, 0) * kibibyte;
  }
  // Gone, or a kernel that does not tell: then what is cheap to know.
  return countPages(row) * pageBytes;
}

function measureFilesInMemory(first: number): number {
  return memoryMounts.reduce((sum, mount) => {
    try {
      const { blocks, bfree, bsize } = statfsSync(`/proc/${first}/root/${mount}`);
      return sum + (blocks - bfree) * bsize;
    } catch {
      return sum; // the container is just starting or ending
    }
  }, 0);
}

/** Files without a name that are still open: on no list of a directory, and on the disk all the same. */
export function measureUnlinked(members: readonly ProcessRow[], device: number): number {
  const found = new Map<number, number>();
  for (const { pid } of members) {
    for (const descriptor of listNames(`/proc/${pid}/fd`)) {
      try {
        const stats = statSync(`/proc/${pid}/fd/${descriptor}`);
        if (stats.dev === device && stats.nlink === 0) found.set(stats.ino, stats.blocks * blockBytes);
      } catch {
        // closed meanwhile
      }
    }
  }
  return [...found.values()].reduce((sum, bytes) => sum + bytes, 0);
}

function listNames(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return []; // the process has ended, or is not ours to look into
  }
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // the process has ended, or is not ours to look into
  }
}
