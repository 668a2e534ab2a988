// What must be true after every story, whatever happened in it (design §10)?
import { readdirSync, readFileSync } from "node:fs";
import { expect } from "vitest";
import { type AuditEvent, findBreak } from "../../functions/core/audit.ts";
import { type AgentId, agentIdOf, type TaskId } from "../../functions/core/ids.ts";
import { isFinal, type Task } from "../../functions/core/task.ts";
import { type TestStack, until } from "./stack.ts";

export async function checkInvariants(stack: TestStack, taskIds: TaskId[]): Promise<void> {
  for (const taskId of taskIds) {
    await checkEvents(stack, taskId);
    await checkSandboxes(stack, taskId);
  }
  await checkSlots(stack);
}

/** Events 1..version stand without a gap, chained, and the last is the task's. */
async function checkEvents({ cloud }: TestStack, taskId: TaskId): Promise<void> {
  const task = await cloud.table.getTask(taskId);
  // An attempt before the last one may be cleaned up between the two reads.
  const events = (await cloud.table.listEvents(taskId, 0, 1000)).slice(0, task?.version);
  expect(events.length).toBe(task?.version);
  expect(findBreak(events)).toBeUndefined();
  expect(events.at(-1)?.hash).toBe(task?.lastEventHash);
  expect(events.at(-1)?.to).toBe(task?.status);
  if (task?.stopConfirmation) checkCleanups(task, events);
}

/** Once the stop is confirmed every attempt that may have been launched had exactly one cleanup. */
function checkCleanups(task: Task, events: AuditEvent[]): void {
  const isCleanup = ({ type, data }: AuditEvent) => type === "cleanup" || data.neverLaunched === true;
  const cleaned = events.filter(isCleanup).map(({ data }) => data.agentId);
  const attempts = Array.from({ length: task.attempt }, (_, n) => n + 1);
  expect(task.owedCleanups).toBeUndefined();
  expect(cleaned.toSorted()).toEqual(attempts.map((attempt) => agentIdOf(task.taskId, attempt)).toSorted());
}

/** At most one launch per attempt; no sandbox and no process of an ended task. */
async function checkSandboxes({ cloud }: TestStack, taskId: TaskId): Promise<void> {
  const task = await cloud.table.getTask(taskId);
  for (const { agentId, backend } of await cloud.table.listAttempts(taskId)) {
    const sandboxes = await cloud.sandboxes(backend).findByAgent(agentId);
    expect(sandboxes.length, `launches of ${agentId}`).toBeLessThanOrEqual(1);
    if (!task || !isFinal(task.status)) continue;
    await until(`no sandbox of ${agentId} runs`, async () =>
      (await cloud.sandboxes(backend).findByAgent(agentId)).every((sandbox) => sandbox.stopped),
    );
    expect(processesOf(agentId), `processes of ${agentId}`).toEqual([]);
  }
}

/** Every slot is held by the current attempt of a live task, and every live task holds one. */
async function checkSlots({ cloud }: TestStack): Promise<void> {
  for (const { index, holder } of await cloud.table.heldSlots("global")) {
    const attempt = await cloud.table.getAttempt(holder);
    expect(attempt?.slots).toContainEqual({ pool: "global", index });
    expect(["spawning", "running"]).toContain(attempt?.state);
  }
}

/** Supervisors carry their agent id in their environment; zombies have none any more. */
export function processesOf(agentId: AgentId): string[] {
  const marker = `DROVER_AGENT_ID=${agentId}\0`;
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, "utf8").includes(marker);
    } catch {
      return false; // It ended while we looked, or is another user's.
    }
  });
}
