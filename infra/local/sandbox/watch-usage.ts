// Does a container take more than its limits, where the kernel does not see to it?
import type { ContainerLimits, ContainerRecord } from "../containers.ts";
import { cpuUnitsPerCpu } from "./cgroup.ts";
import { isAlive, listProcesses, type ProcessRow } from "./process-table.ts";
import { estimateMemory, listMembers, measureMemory } from "./usage.ts";

export interface Watched {
  record: ContainerRecord;
  limits: ContainerLimits;
  /** False where a cgroup keeps the memory. Processes are watched all the same: the kernel refuses, but does not tell. */
  memory: boolean;
  /** Called once; it ends the container. */
  onExceeded(what: "memory" | "processes"): void;
}

const mebibyte = 2 ** 20;
/** How fast one CPU can fill memory: a look comes before what is left could be full. */
const fillBytesPerMs = 4e6;
const shortestMs = 25;
const longestMs = 500;

const watched = new Set<Watched>();
let timer: NodeJS.Timeout | undefined;

/** One look at /proc serves all containers of this process. Returns how to stop watching. */
export function watchUsage(one: Watched): () => void {
  watched.add(one);
  lookIn(shortestMs);
  return () => watched.delete(one);
}

function lookIn(ms: number): void {
  clearTimeout(timer);
  // Watching a container must not keep drover alive, since the container may outlive it.
  timer = setTimeout(look, ms).unref();
}

function look(): void {
  const all = listProcesses();
  const waits = [...watched].map((one) => judge(one, all));
  if (watched.size > 0) lookIn(Math.max(shortestMs, Math.min(longestMs, ...waits)));
}

/** Returns after how long it should be looked at again. */
function judge(one: Watched, all: readonly ProcessRow[]): number {
  const { record, limits } = one;
  if (!isAlive(record)) {
    watched.delete(one);
    return longestMs;
  }
  const members = listMembers(record.pid, all);
  const exceed = (what: "memory" | "processes") => {
    watched.delete(one);
    one.onExceeded(what);
    return longestMs;
  };
  // The kernel lets it have no more than that, and what asks for more fails in a way that says little.
  if (members.reduce((sum, row) => sum + row.threads, 0) >= limits.processes) return exceed("processes");
  if (!one.memory) return longestMs;
  const limit = limits.memoryMb * mebibyte;
  const estimate = estimateMemory(record.pid, members);
  const taken = estimate > limit ? measureMemory(record.pid, members) : estimate;
  if (taken > limit) return exceed("memory");
  return (limit - taken) / (fillBytesPerMs * Math.ceil(limits.cpuUnits / cpuUnitsPerCpu));
}
