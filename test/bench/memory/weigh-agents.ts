// What does an agent at work take of the memory, and what does one that waits?
import { setTimeout as pause } from "node:timers/promises";
import { agentIdOf, type TaskId } from "../../../functions/core/ids.ts";
import { findSandbox } from "../sandbox-processes.ts";
import { pssMbOf, treeOf } from "../stack/process-usage.ts";
import { submitCommand, untilSettled } from "../stack/run-task.ts";
import type { Stack } from "../stack/start-stack.ts";

export const loads = {
  idle: ["sleep", "600"],
  /** It prints some twenty lines a second, and writes files. */
  busy: [
    "sh",
    "-c",
    "n=0; while :; do n=$((n+1)); date | tee -a log.txt; head -c 100000 /dev/urandom >f$((n%50)); sleep 0.05; done",
  ],
};
export type LoadName = keyof typeof loads;

export interface Weighed {
  /** Of each agent, in MB. */
  supervisorMb: number;
  restMb: number;
}

const lookMs = 50;
const patienceMs = 120_000;

/** Starts so many agents, gives them time to settle into what they do, weighs them, and kills them. */
export async function weighAgents(stack: Stack, repository: string, load: LoadName, count: number, settleMs: number) {
  const before = new Set(treeOf(stack.pid));
  const taskIds: string[] = [];
  for (let n = 0; n < count; n += 1) taskIds.push(await submitCommand(stack, repository, loads[load]));
  const supervisors: number[] = [];
  for (const taskId of taskIds) supervisors.push(await findSupervisor(stack, taskId));
  await pause(settleMs);
  const rest = treeOf(stack.pid).filter((pid) => !before.has(pid) && !supervisors.includes(pid));
  const weighed: Weighed = { supervisorMb: pssMbOf(supervisors) / count, restMb: pssMbOf(rest) / count };
  for (const taskId of taskIds) {
    await stack.ask("POST", `/tasks/${taskId}/kill`, { reason: "weighed" });
    await untilSettled(stack, taskId);
  }
  return weighed;
}

/** Of a task whose agent has begun. */
async function findSupervisor(stack: Stack, taskId: string): Promise<number> {
  for (const end = performance.now() + patienceMs; performance.now() < end; await pause(lookMs)) {
    const sandbox = findSandbox(agentIdOf(taskId as TaskId, 1));
    if (sandbox && (await readStatus(stack, taskId)) === "running") return sandbox.supervisor;
  }
  throw new Error(`${taskId} had no agent at work within ${patienceMs} ms`);
}

async function readStatus(stack: Stack, taskId: string): Promise<string> {
  const task = (await (await stack.ask("GET", `/tasks/${taskId}`)).json()) as { status: string };
  return task.status;
}
