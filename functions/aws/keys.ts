// Where does each thing stand in the one table? Every partition key, sort key and index key is made here.
import type { AgentId, KeyId, TaskId } from "../core/ids.ts";
import { parseAgentId } from "../core/ids.ts";
import type { Task } from "../core/task.ts";

/** Attribute names of the table and its sparse indexes. */
export const indexes = {
  /** Tasks of a workspace by id (so by time). Keys only and never rewritten: a transition costs nothing here. */
  list: { name: "list", pk: "listPk", sk: "listSk" },
  /** Queued tasks of a workspace that may run now, in the order in which they should. */
  ready: { name: "ready", pk: "readyPk", sk: "readySk" },
  /** Tasks that some later moment owes something, by kind and time. */
  due: { name: "due", pk: "duePk", sk: "dueSk" },
} as const;

export interface Key {
  pk: string;
  sk: string;
}

/** Width that keeps numbers in order as text: versions, attempts and times (until the year 2286). */
const padded = (n: number, width: number) => String(n).padStart(width, "0");

export const taskKey = (taskId: TaskId): Key => ({ pk: taskId, sk: "task" });
export const specKey = (taskId: TaskId): Key => ({ pk: taskId, sk: "spec" });
export const eventKey = (taskId: TaskId, version: number): Key => ({ pk: taskId, sk: `event#${padded(version, 10)}` });
export const attemptPrefix = "attempt#";
export const slotsPk = "slots";
export const slotKey = (slot: number): Key => ({ pk: slotsPk, sk: padded(slot, 6) });
export const workspacesPk = "workspaces";
export const workspaceKey = (workspace: string): Key => ({ pk: workspacesPk, sk: workspace });
export const apiKeyKey = (keyId: KeyId): Key => ({ pk: keyId, sk: "key" });
export const idempotencyKey = (workspace: string, key: string): Key => ({
  pk: `idempotency#${workspace}`,
  sk: key,
});

export function attemptKey(agentId: AgentId): Key {
  const parsed = parseAgentId(agentId);
  if (!parsed) throw new Error(`not an agent id: ${agentId}`);
  return { pk: parsed.taskId, sk: `${attemptPrefix}${padded(parsed.attempt, 4)}` };
}

/** The index attributes of a task as it now is; an absent one takes it out of that index. */
export function taskIndexKeys(task: Task): Record<string, string> {
  const keys: Record<string, string> = { listPk: task.workspace, listSk: task.taskId };
  if (task.due) return { ...keys, duePk: task.due.kind, dueSk: dueSortKey(task.due.at, task.taskId) };
  if (task.status === "queued") return { ...keys, ...readyKeys(task) };
  return keys;
}

/** Priority 10 first, then the oldest. */
export function readyKeys(task: Task): { readyPk: string; readySk: string } {
  return {
    readyPk: task.workspace,
    readySk: `${padded(10 - task.priority, 2)}#${padded(task.createdAt, 13)}#${task.taskId}`,
  };
}

export const dueSortKey = (at: number, taskId: TaskId) => `${padded(at, 13)}#${taskId}`;
/** Sorts after every key that is due at `now`. */
export const dueUntil = (now: number) => `${padded(now, 13)}#~`;
