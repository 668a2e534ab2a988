// How does a container start that is not confined: trusted code, or an agent on a machine that cannot confine it?
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import type { ContainerRecord } from "../containers.ts";
import { findProgram } from "./find-program.ts";
import { coverInherited } from "./inherited.ts";
import { containerGid } from "./ordinary-user.ts";
import { readProcess } from "./process-table.ts";

export interface Started {
  record: ContainerRecord;
  /** Settles when its program has ended; other processes of it may still live. */
  mainEnded: Promise<number | undefined>;
}

export interface PlainCommand {
  command: readonly string[];
  /** All of it: nothing of our own environment is handed on. */
  environment: Readonly<Record<string, string>>;
  workingDirectory: string;
  /** What it prints is not limited: a limit would need a reader in between that survives us. */
  output: number;
  uid?: number | undefined;
  diesWithParent: boolean;
}

/** Starts a process with a group and session of its own. */
export async function startPlain(plain: PlainCommand): Promise<Started> {
  const { command, environment, workingDirectory, output, uid } = plain;
  const [program = "", ...rest] = plain.diesWithParent ? withParentDeath(command) : command;
  const child = spawn(program, rest, {
    cwd: workingDirectory,
    env: environment,
    detached: true,
    stdio: coverInherited(["ignore", output, output]),
    ...(uid && { uid, gid: containerGid }),
  });
  const mainEnded = waitForExit(child);
  if (child.pid === undefined) {
    const [error] = await once(child, "error");
    throw new Error(`${program} cannot be started in ${workingDirectory}: ${(error as Error).message}`);
  }
  // Until Node has reaped it, which it cannot before we return to it, even a process that ended at once is in /proc;
  // but then as a zombie, which has nothing to find again.
  const startTicks = readProcess(child.pid)?.startTicks ?? "ended";
  child.unref();
  return { record: { pid: child.pid, startTicks, ...(uid && { uid }) }, mainEnded };
}

/**
 * The kernel ends the process when the thread that started it ends, however that comes. Node starts processes on the
 * thread that calls spawn, so call this on the main thread. Without util-linux's setpriv the process outlives us.
 */
export function withParentDeath(command: readonly string[]): string[] {
  const setpriv = findProgram("setpriv");
  return setpriv ? [setpriv, "--pdeathsig", "KILL", "--", ...command] : [...command];
}

function waitForExit(child: ChildProcess): Promise<number | undefined> {
  return new Promise((resolve) => {
    child.once("error", () => resolve(undefined));
    child.once("exit", (code, signal) => resolve(code ?? (signal ? 128 + constants.signals[signal] : undefined)));
  });
}
