// Tasks for tests, in any state, without spelling out what a test does not care about.
import type { Task } from "../../functions/core/task.ts";

export const now = 1_800_000_000_000;

export function makeTask(over: Partial<Task> = {}): Task {
  return {
    taskId: "tsk_01K0000000000000000000000A",
    workspace: "default",
    version: 3,
    status: "running",
    title: "A task",
    priority: 5,
    createdBy: "key_01K0000000000000000000000B",
    owner: "somebody",
    createdAt: now - 60_000,
    updatedAt: now - 1_000,
    attempt: 1,
    attemptsUsed: 1,
    maxAttempts: 3,
    slots: [{ pool: "global", index: 4 }],
    backend: "default",
    repositoryKey: "abcdefabcdef",
    admitted: { global: 0, workspace: 0, backend: 0 },
    lastEventId: "evt_01K0000000000000000000000C",
    lastEventHash: "ab".repeat(32),
    ...over,
  };
}
