// How does this machine run the containers of a task? Confined ones in namespaces, trusted ones as plain processes.
import { setTimeout as delay } from "node:timers/promises";
import type { ContainerProcess, ContainerRecord, ContainerRuntime, ContainerSpec } from "../containers.ts";
import { startConfined } from "./confined.ts";
import { removeTree } from "./disk.ts";
import { type Keepers, watchers } from "./keepers.ts";
import {
  endAll,
  folderMembers,
  groupMembers,
  killOnce,
  type Members,
  markedMembers,
  markerOf,
  markerVariable,
  namespaceMembers,
} from "./members.ts";
import { giveBackUid, keepUid, takeUid } from "./ordinary-user.ts";
import type { Started } from "./plain.ts";
import { isAlive, readEnvironment, sendSignal } from "./process-table.ts";
import { startTrusted, startUnconfined } from "./unconfined.ts";
import { watchLimits } from "./watch-limits.ts";

export interface RuntimeOptions {
  /** Made by `ensureImage`. */
  image: string;
  /** For a stack to be thrown away, as in the demo: its containers end with this process instead of surviving it. */
  diesWithParent?: boolean;
  /** Confined containers run as plain processes: no wall around them, and a kill that a daemon can escape. */
  unconfined?: boolean;
  /** Who keeps the limits; without, they are only watched. */
  keepers?: Keepers;
}

const adoptedPollMs = 100;

export function createRuntime(options: RuntimeOptions): ContainerRuntime {
  const { image, diesWithParent = false, unconfined = false, keepers = watchers } = options;
  if (process.platform !== "linux") throw new Error("Containers are found through /proc, so they run on Linux only.");
  const kindOf = (spec: ContainerSpec) => (spec.confined ? (unconfined ? "unconfined" : "namespace") : "trusted");
  return {
    start: async (spec, folder) => {
      const kind = kindOf(spec);
      if (kind === "trusted") {
        const started = await startTrusted(spec, folder, { image, diesWithParent });
        return watch(started, groupMembers(started.record));
      }
      const uid = takeUid();
      try {
        if (kind === "namespace") {
          const started = await startConfined(spec, folder, { image, uid, diesWithParent, keepers });
          return watch(started, namespaceMembers(started.record), spec);
        }
        const started = await startUnconfined(spec, folder, { image, uid, diesWithParent });
        return watch(started, markedMembers(started.record, markerOf(folder, spec.name)));
      } catch (error) {
        giveBackUid(uid);
        throw error;
      }
    },
    adopt: (record, spec) => {
      // What a dead program left behind is for `remove` to end: by its number alone a group may be a stranger's.
      if (!isAlive(record) || isStranger(record, spec)) return undefined;
      keepUid(record.uid);
      const kind = kindOf(spec);
      const started = { record, mainEnded: waitForEnd(record) };
      return watch(started, findMembers(record, kind), kind === "namespace" ? spec : undefined);
    },
    remove: async (folder) => {
      await endAll(folderMembers(folder));
      await removeTree(folder.root);
    },
  };
}

function findMembers(record: ContainerRecord, kind: "trusted" | "namespace" | "unconfined"): Members {
  if (kind === "namespace") return namespaceMembers(record);
  if (kind === "trusted") return groupMembers(record);
  return markedMembers(record, readEnvironment(record.pid)?.[markerVariable]);
}

/** After a reboot even pid and start time together may have come to someone else. Unreadable (undefined) says nothing. */
function isStranger(record: ContainerRecord, spec: ContainerSpec): boolean {
  const environment = readEnvironment(record.pid);
  return environment !== undefined && !environment[markerVariable]?.endsWith(`/${spec.name}`);
}

/**
 * When the program of a container ends, whatever it left behind ends too, and only then the container has exited.
 * `confined` is the spec of one that has its limits watched.
 */
function watch({ record, mainEnded }: Started, members: Members, confined?: ContainerSpec): ContainerProcess {
  let killed = false;
  const limits = confined && watchLimits(confined, record, () => void killOnce(members));
  const exited = mainEnded.then(async (exitCode) => {
    await endAll(members);
    giveBackUid(record.uid);
    const reason = await limits?.end();
    return { exitCode: exitCode ?? (killed || reason ? 137 : undefined), ...(reason && { reason }) };
  });
  return {
    record,
    exited,
    signal: (name) => {
      if (name === "SIGKILL") {
        if (!killed) keepAliveUntil(exited);
        killed = true;
        killOnce(members);
        return;
      }
      const main = members.main();
      if (main !== undefined) sendSignal(main, "SIGTERM");
    },
  };
}

/** Watching does not keep Node from ending, but it must not end between a kill and the end of what was killed. */
function keepAliveUntil(settled: Promise<unknown>): void {
  const timer = setInterval(() => undefined, 60_000);
  settled.finally(() => clearInterval(timer));
}

/** Only its parent is told when a process ends, and that is someone else now: so we look. */
async function waitForEnd(record: ContainerRecord): Promise<undefined> {
  while (isAlive(record)) await delay(adoptedPollMs, undefined, { ref: false });
}
