// Which containers does the ECS stand-in's test start? Real processes, each the leader of its own group; no sandbox.
import { spawn } from "node:child_process";
import { mkdirSync, openSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import type {
  ContainerProcess,
  ContainerRecord,
  ContainerRuntime,
  ContainerSpec,
  TaskFolder,
} from "../../infra/local/containers.ts";
import { until } from "./ecs-until.ts";

export interface ProcessRuntimeOptions {
  /** Called before each start: may wait (a slow start) or throw (a container that cannot start). */
  beforeStart?(spec: ContainerSpec): Promise<void> | void;
  /** Called before each removal, likewise. */
  beforeRemove?(folder: TaskFolder): Promise<void> | void;
}

export function createProcessRuntime(options: ProcessRuntimeOptions = {}): ContainerRuntime {
  return {
    async start(spec, folder) {
      await options.beforeStart?.(spec);
      return startProcess(spec, folder);
    },
    adopt(record) {
      if (readStartTicks(record.pid) !== record.startTicks) return undefined;
      const gone = until(`process ${record.pid} is gone`, () => !isGroupAlive(record.pid), 60_000);
      return describeProcess(
        record,
        gone.then(() => ({ exitCode: undefined })),
      );
    },
    async remove(folder) {
      await options.beforeRemove?.(folder);
      await rm(folder.root, { recursive: true, force: true });
    },
  };
}

const signalNumbers: Partial<Record<NodeJS.Signals, number>> = { SIGTERM: 15, SIGKILL: 9 };

function startProcess(spec: ContainerSpec, folder: TaskFolder): Promise<ContainerProcess> {
  const [program = "", ...args] = spec.command;
  mkdirSync(folder.root, { recursive: true });
  const log = openSync(`${folder.root}/${spec.name}.log`, "a", 0o600);
  const child = spawn(program === "node" ? process.execPath : program, args, {
    detached: true,
    cwd: folder.root,
    env: spec.environment,
    stdio: ["ignore", log, log],
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    const exited = new Promise<{ exitCode: number | undefined }>((exit) => {
      child.once("exit", (code, name) => {
        const { pid } = child;
        if (pid === undefined) return;
        signalGroup(pid, "SIGKILL");
        const exitCode = code ?? 128 + (signalNumbers[name ?? "SIGKILL"] ?? 0);
        void until(`group ${pid} is gone`, () => !isGroupAlive(pid)).then(() => exit({ exitCode }));
      });
    });
    child.once("spawn", () => {
      const pid = child.pid ?? 0;
      resolve(describeProcess({ pid, startTicks: readStartTicks(pid) ?? "exited" }, exited));
    });
  });
}

function describeProcess(record: ContainerRecord, exited: ContainerProcess["exited"]): ContainerProcess {
  return { record, exited, signal: (name) => signalGroup(record.pid, name) };
}

function signalGroup(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** The fields of /proc/<pid>/stat from the third on; undefined for a process that is gone or only a zombie. */
function readStat(pid: number | string): string[] | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return fields[0] === "Z" ? undefined : fields;
  } catch {
    return undefined; // A process that ended has no entry: that is the answer.
  }
}

function readStartTicks(pid: number): string | undefined {
  return readStat(pid)?.[19];
}

/** Does any process of this group live? kill(-pid, 0) would count zombies. */
export function isGroupAlive(pid: number): boolean {
  return readdirSync("/proc").some((name) => /^\d+$/.test(name) && readStat(name)?.[2] === String(pid));
}
