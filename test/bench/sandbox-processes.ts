// Which processes are a sandbox, as root and as the kernel see them? Found by what every container starts with.
import { readlinkSync } from "node:fs";
import { listProcesses, readEnvironment, readInnerPid, readProcess } from "../../infra/local/sandbox/process-table.ts";

export interface SandboxSeen {
  /** The attempt's own token, read as an intruder would. */
  token: string;
  supervisor: number;
  /** pid 1 of each namespace: it is the last to go, so it stands for all in it. */
  inits: number[];
}

export function findSandbox(agentId: string): SandboxSeen | undefined {
  const all = listProcesses().map(({ pid }) => ({ pid, environment: readEnvironment(pid) }));
  const supervisor = all.find(({ environment }) => environment?.DROVER_AGENT_ID === agentId);
  const token = supervisor?.environment?.DROVER_TOKEN;
  const folder = supervisor?.environment?.DROVER_CONTAINER?.split("/")[0];
  if (!supervisor || !token || !folder) return undefined;
  const inits = all.filter(({ pid, environment }) => {
    return environment?.DROVER_CONTAINER?.startsWith(`${folder}/`) && readInnerPid(pid) === 1;
  });
  return { token, supervisor: supervisor.pid, inits: inits.map(({ pid }) => pid) };
}

export function isAnyAlive({ supervisor, inits }: SandboxSeen): boolean {
  return [supervisor, ...inits].some((pid) => readProcess(pid) !== undefined);
}

export const namespacesOf = ({ inits }: SandboxSeen) => new Set(inits.map(readNamespace));

/** Everybody in one of these namespaces, however they got there. */
export function countIn(namespaces: ReadonlySet<string | undefined>): number {
  return listProcesses().filter(({ pid }) => namespaces.has(readNamespace(pid) ?? "none")).length;
}

function readNamespace(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined; // it has ended
  }
}
