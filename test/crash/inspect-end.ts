// After all the kills: has every task one good ending, every event its place, and nothing been left running?
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { cloudOfThisProcess } from "../../functions/cloud.ts";
import { findBreak } from "../../functions/core/audit.ts";
import type { Cloud } from "../../functions/core/cloud.ts";
import type { TaskId } from "../../functions/core/ids.ts";
import { isFinal } from "../../functions/core/task.ts";
import { startLocal } from "../../stacks/local.ts";
import { sharedImageDir } from "../support/image-dir.ts";

export interface Scene {
  dataDir: string;
  repository: string;
  ids: string[];
}

/** The number of problems, each printed. Opens the same data once more, to read it through the same code. */
export async function inspectEnd({ dataDir, repository, ids }: Scene): Promise<number> {
  const stack = await startLocal({ dataDir, port: 0, imageDir: sharedImageDir });
  const cloud = await cloudOfThisProcess();
  const problems: string[] = [];
  const attempts: number[] = [];
  for (const [n, id] of ids.entries()) {
    const found = await inspectTask(cloud, repository, id as TaskId, n);
    problems.push(...found.problems.map((problem) => `${id}: ${problem}`));
    attempts.push(found.attempts);
  }
  const held = await cloud.table.heldSlots("global");
  if (held.length > 0) problems.push(`slots are still held: ${JSON.stringify(held)}`);
  for (const problem of problems) console.log(`PROBLEM ${problem}`);
  for (const id of new Set(problems.flatMap((problem) => /^tsk_\w+/.exec(problem)?.[0] ?? []))) {
    for (const { at, type, by, data } of await cloud.table.listEvents(id as TaskId, 0, 10_000))
      console.log(`  ${id} ${new Date(at).toISOString()} ${type} by ${by} ${JSON.stringify(data)}`);
  }
  await stack.closeAndKill();
  const left = findProcesses(ids);
  for (const problem of left) console.log(`PROBLEM ${problem}`);
  const most = Math.max(...attempts);
  console.log(
    `attempts per task: ${(attempts.reduce((a, b) => a + b, 0) / attempts.length).toFixed(2)} on average, ${most} at most`,
  );
  return problems.length + left.length;
}

async function inspectTask(cloud: Cloud, repository: string, taskId: TaskId, n: number) {
  const problems: string[] = [];
  const task = await cloud.table.getTask(taskId);
  const events = await cloud.table.listEvents(taskId, 0, 10_000);
  const broken = findBreak(events);
  if (task?.status !== "completed") problems.push(`it ended ${task?.status}: ${JSON.stringify(task?.failure)}`);
  if (task?.due) problems.push(`it still owes ${task.due.kind}`);
  if (!task?.stopConfirmation) problems.push("its last attempt is not cleaned up");
  if (broken) problems.push(`its chain breaks at ${broken.version}: ${broken.why}`);
  if (events.length !== task?.version) problems.push(`version ${task?.version} with ${events.length} events`);
  const endings = events.filter((event) => isFinal(event.to) && event.from !== event.to);
  if (endings.length !== 1) problems.push(`it ended ${endings.length} times`);
  if (task?.publishOutcome !== "pushed") problems.push(`the outcome of its push is ${task?.publishOutcome}`);
  // Of a task that failed, drover takes the branch back.
  if (task?.status === "completed" && task.branch) {
    // What is not there is nothing: that is no commit of ours, and no work.
    const git = (...args: string[]) => spawnSync("git", args, { cwd: repository, encoding: "utf8" }).stdout;
    if (git("rev-parse", "--verify", "--quiet", task.branch).trim() !== task.commit)
      problems.push("its branch is not at its commit");
    if (git("show", `${task.branch}:task-${n}.txt`) !== `${n}\n`) problems.push("its work is not on its branch");
  }
  for (const { agentId, backend } of await cloud.table.listAttempts(taskId)) {
    const sandboxes = await cloud.sandboxes(backend).findByAgent(agentId);
    if (sandboxes.length > 1) problems.push(`${agentId} was launched ${sandboxes.length} times`);
    if (sandboxes.some((sandbox) => !sandbox.stopped)) problems.push(`${agentId} still has a sandbox`);
  }
  return { problems, attempts: task?.attempt ?? 0 };
}

/** Supervisors carry their agent id in their environment. */
function findProcesses(ids: string[]): string[] {
  const markers = ids.map((id) => `DROVER_AGENT_ID=agt_${id.slice(4)}_`);
  return readdirSync("/proc").flatMap((pid) => {
    try {
      const environment = /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/environ`, "utf8") : "";
      return markers.some((marker) => environment.includes(marker)) ? [`process ${pid} was left behind`] : [];
    } catch {
      return []; // It ended while we looked.
    }
  });
}
