// Which processes belong to a container, and how are all of them ended?

import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ContainerRecord, TaskFolder } from "../containers.ts";
import {
  isAlive,
  listProcesses,
  type ProcessRow,
  readEnvironment,
  readInnerPid,
  readProcess,
  readUid,
  sendSignal,
} from "./process-table.ts";

/** How one kind of container finds its processes. Both are asked anew each time: processes come and go. */
export interface Members {
  /** The process that a polite SIGTERM is meant for. */
  main(): number | undefined;
  /** Those to kill so that nothing is left; empty once the container is gone. */
  list(): number[];
}

/** The variable that every container starts with, outside of its namespaces: it tells whose the processes are. */
export const markerVariable = "DROVER_CONTAINER";

export function markerOf(folder: TaskFolder, containerName: string): string {
  // A hash, since the confined may read it, and the paths of this machine are not theirs to know.
  return `${createHash("sha256").update(resolve(folder.root)).digest("hex").slice(0, 24)}/${containerName}`;
}

/** Whoever was started for this folder, on record or not: drover may have been killed before it could write that down. */
export function folderMembers(folder: TaskFolder): Members {
  const prefix = markerOf(folder, "");
  // A process on its way out has lost its environment already, while pid 1 of a namespace still waits for the others.
  const known = new Map<number, string>();
  const isOurs = ({ pid, startTicks }: ProcessRow) => {
    if (known.get(pid) === startTicks) return true;
    if (!readEnvironment(pid)?.[markerVariable]?.startsWith(prefix)) return false;
    known.set(pid, startTicks);
    return true;
  };
  const list = () =>
    listProcesses()
      .filter(isOurs)
      .map(({ pid }) => pid);
  return { main: () => undefined, list };
}

/**
 * A pid namespace, recorded by its pid 1. The kernel kills everything in it when pid 1 ends, and lets pid 1 itself end
 * only after the last of them: so that one process stands for all. pid 1 (bubblewrap's reaper) has no handler for
 * SIGTERM and thus never gets it; the program is pid 2 inside.
 */
export function namespaceMembers(record: ContainerRecord): Members {
  return {
    main: () =>
      isAlive(record)
        ? listProcesses().find((row) => row.parent === record.pid && readInnerPid(row.pid) === 2)?.pid
        : undefined,
    list: () => (isAlive(record) ? [record.pid] : []),
  };
}

/** A process group, for trusted code: a process that leaves its group leaves the container. */
export function groupMembers(record: ContainerRecord): Members {
  return { main: () => findMain(record), list: () => listRelated(record, () => false) };
}

/**
 * An unconfined container: the group, the session, whoever still carries the marker, and under root whoever has its
 * uid. Under an ordinary user, a program that forks twice, takes a session of its own and clears its environment is
 * not found: only a namespace can promise that. Nor is one that forks faster than we look.
 */
export function markedMembers(record: ContainerRecord, marker: string | undefined): Members {
  const { uid } = record;
  const isMarked = (pid: number) =>
    (uid !== undefined && readUid(pid) === uid) ||
    (marker !== undefined && readEnvironment(pid)?.[markerVariable] === marker);
  return { main: () => findMain(record), list: () => listRelated(record, isMarked) };
}

function findMain(record: ContainerRecord): number | undefined {
  return isAlive(record) ? record.pid : undefined;
}

function listRelated(record: ContainerRecord, isMarked: (pid: number) => boolean): number[] {
  const holder = readProcess(record.pid);
  // A pid is not given out again while a group or session carries its number. So if someone else holds it now,
  // our group is long gone, and a group of that number is theirs.
  const numberIsOurs = holder === undefined || holder.startTicks === record.startTicks;
  return listProcesses()
    .filter((row) => (numberIsOurs && (row.group === record.pid || row.session === record.pid)) || isMarked(row.pid))
    .map((row) => row.pid);
}

/** Kills until nothing is left. It does not give up: a process in an uninterruptible wait still counts as alive. */
export async function endAll(members: Members): Promise<void> {
  for (let waitMs = 1; killOnce(members) > 0; waitMs = Math.min(waitMs * 2, 50)) await delay(waitMs);
}

export function killOnce(members: Members): number {
  return members.list().filter((pid) => sendSignal(pid, "SIGKILL")).length;
}
