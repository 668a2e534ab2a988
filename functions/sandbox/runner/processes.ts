// Which processes are there?
import { readdirSync, readFileSync } from "node:fs";

export interface ProcessSeen {
  pid: number;
  parentPid: number;
  /** The pid of the process that opened the session; not given out again while the session has members. */
  session: number;
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
  const [state, parentPid, , session] = fields;
  const threadCount = Number(fields[17]);
  if (state === undefined || parentPid === undefined || session === undefined) return undefined;
  // The leader may be a zombie while other threads of the process run on.
  if ((state === "Z" || state === "X") && threadCount <= 1) return undefined;
  return { pid, parentPid: Number(parentPid), session: Number(session) };
}

/** `pids` with all descendants of theirs that are among `seen`. */
export function withDescendants(pids: Iterable<number>, seen: readonly ProcessSeen[]): Set<number> {
  const all = new Set(pids);
  for (let before = -1; before < all.size; ) {
    before = all.size;
    for (const { pid, parentPid } of seen) if (all.has(parentPid)) all.add(pid);
  }
  return all;
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
