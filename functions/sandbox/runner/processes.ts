// Which processes are there?
import { readdirSync, readFileSync } from "node:fs";

export interface ProcessSeen {
  pid: number;
  parentPid: number;
}

/** Every living process that /proc shows, this one included. A zombie is dead: it runs nothing and only its parent can remove it. */
export function listProcesses(): ProcessSeen[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    const seen = readProcess(Number(pid));
    return seen ? [seen] : [];
  });
}

function readProcess(pid: number): ProcessSeen | undefined {
  const stat = readOrNothing(`/proc/${pid}/stat`);
  // The second field is the name in brackets, which may hold spaces and brackets itself.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, parentPid] = fields;
  const threadCount = Number(fields[17]);
  if (state === undefined || parentPid === undefined) return undefined;
  // The leader may be a zombie while other threads of the process run on.
  if ((state === "Z" || state === "X") && threadCount <= 1) return undefined;
  return { pid, parentPid: Number(parentPid) };
}

/** The environment a process started with, each variable ended by a NUL. */
export function readEnvironment(pid: number): string {
  return readOrNothing(`/proc/${pid}/environ`);
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    // Gone in the meantime, or not ours to read: either way no process that we may act on.
    return "";
  }
}
