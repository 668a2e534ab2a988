// On which CPUs does a container run, where no cgroup can give it a share of all of them?
import { readFileSync } from "node:fs";
import { cpuUnitsPerCpu } from "./cgroup.ts";

let next = 0;

/**
 * As many whole CPUs as its units ask for, in turn over those we may use ourselves; undefined when that is all of
 * them. The call filter keeps the container from choosing others.
 */
export function chooseCpus(cpuUnits: number): string | undefined {
  const allowed = listAllowed();
  const count = Math.max(1, Math.ceil(cpuUnits / cpuUnitsPerCpu));
  if (count >= allowed.length) return undefined;
  const start = next++;
  return Array.from({ length: count }, (_, index) => allowed[(start + index) % allowed.length]).join();
}

/** "0-3,8" in /proc/self/status. */
function listAllowed(): number[] {
  const list = /^Cpus_allowed_list:\s+(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
  return list.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
