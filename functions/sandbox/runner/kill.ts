// How is everything ended that commands left running, for certain?
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readlinkSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { agentCommand } from "./as-agent.ts";
import { markName, type RunnerSettings } from "./environment.ts";
import { listProcesses, readEnvironment, withDescendants } from "./processes.ts";

const confirmMs = 8_000;
const lookAgainMs = 5;
/** PROC_PID_INIT_INO and PROC_IPC_INIT_INO in the kernel: the namespaces of the whole machine. */
const machineNamespaces = { pid: "pid:[4026531836]", ipc: "ipc:[4026531839]" } as const;

type KillSettings = Pick<RunnerSettings, "confined" | "mark" | "asAgent">;

/** Settles when /proc shows none of them any more. */
export async function killOthers({ confined, mark, asAgent }: KillSettings): Promise<void> {
  const giveUpAt = performance.now() + confirmMs;
  for (;;) {
    if (confined) await killNamespace(asAgent);
    const left = confined ? listStrangers() : listOwn(mark);
    if (left.length === 0) return;
    if (!confined) for (const pid of left) kill(pid);
    if (performance.now() > giveUpAt) throw new Error(`processes ${left.slice(0, 10).join(", ")} do not end`);
    await pause(lookAgainMs);
  }
}

/**
 * kill(-1) reaches every process but the caller and pid 1 at once, and no fork can slip through: the kernel refuses to
 * fork while a signal is pending. Going through /proc would lose the race against a process that keeps re-forking. A
 * process under another uid is reached by that uid only. Whoever strikes first there ends our killer as well: then it
 * is sent again, and an agent that keeps that up has ended the process which serves it, and so itself.
 */
async function killNamespace(asAgent: string | undefined): Promise<void> {
  if (asAgent === undefined) return kill(-1);
  const [program = "", ...args] = agentCommand(asAgent, ["/bin/sh", "-c", "kill -s KILL -- -1"]);
  const killer = spawn(program, args, { cwd: "/", env: {}, stdio: "ignore" });
  await once(killer, "close");
}

/**
 * kill(-1) on a machine would end the machine, and shared memory may be somebody's. So before anything of the agent's
 * runs, the namespaces must prove to be the sandbox's own: not the machine's, and that of processes empty but for this
 * one and the init above it.
 */
export function refuseUnsafeConfinement(): void {
  for (const [kind, machines] of Object.entries(machineNamespaces)) {
    if (readlinkSync(`/proc/self/ns/${kind}`) !== machines) continue;
    throw new Error(`DROVER_CONFINED=1, but this process shares the machine's own ${kind} namespace`);
  }
  const strangers = listStrangers();
  if (strangers.length > 0) {
    throw new Error(`DROVER_CONFINED=1, but other processes run beside this one: ${strangers.slice(0, 10).join(", ")}`);
  }
}

function listStrangers(): number[] {
  const pids = listProcesses().map((seen) => seen.pid);
  return pids.filter((pid) => !isOurs(pid));
}

/** The init, this process, and the runner that started it, where that is not the init. */
export const isOurs = (pid: number) => pid === 1 || pid === process.pid || pid === process.ppid;

/**
 * Without a namespace: our descendants, everything that carries the mark (a daemon has another parent), and the
 * descendants of those. A daemon that cleared its environment escapes, which is why only trusted code runs like this.
 */
function listOwn(mark: string): number[] {
  const seen = listProcesses();
  const marked = seen.map(({ pid }) => pid).filter((pid) => carriesMark(pid, mark));
  const own = withDescendants([process.pid, ...marked], seen);
  own.delete(process.pid);
  return [...own];
}

/** The mark of a single command begins with the mark of its runner. */
export function carriesMark(pid: number, mark: string): boolean {
  return readEnvironment(pid)
    .split("\0")
    .some((variable) => variable.startsWith(`${markName}=${mark}`));
}

export function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    // Nobody left to kill is what we want; EPERM shows in the next look at /proc.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}
