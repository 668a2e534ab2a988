// Is a process the one that it was? The kernel gives a pid again, but not with the same start time.
import { readFileSync } from "node:fs";

/** Field 22 of /proc/<pid>/stat; undefined when there is no such process, or no /proc (then a pid says what it can). */
export function startTicksOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie has ended; only its parent has not looked yet.
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
