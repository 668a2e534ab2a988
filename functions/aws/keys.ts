// Where does each thing stand in the one table? Every partition key, sort key and index key is made here.

import type { AgentId, KeyId, TaskId } from "../core/ids.ts";
import { parseAgentId } from "../core/ids.ts";
import { type DeliveryId, type OwedKey, parseDeliveryId } from "../core/notices.ts";
import { positionOf } from "../core/ready-order.ts";
import { formatScope, type Scope } from "../core/switches.ts";
import { type Phase, phaseOf } from "../core/table.ts";
import type { Attempt, Due, Slot, Task } from "../core/task.ts";
import { waitingPosition } from "../core/waiting-order.ts";

/** Attribute names of the table and its sparse indexes. */
export const indexes = {
  /** Tasks of a workspace by id (so by time). Keys only and never rewritten: a transition costs nothing here. */
  list: { name: "list", pk: "listPk", sk: "listSk" },
  /** The same, apart by phase (queued, live, or how they ended): rewritten when a task is claimed, put back, or ends. */
  phase: { name: "phase", pk: "phasePk", sk: "phaseSk" },
  /** Queued tasks that may run now, workspace by workspace in the order in which they should. */
  ready: { name: "ready", pk: "readyPk", sk: "readySk" },
  /** Events of a workspace by time, in partitions of an hour. */
  feed: { name: "feed", pk: "feedPk", sk: "feedSk" },
  /** Tasks, attempts, deliveries and schedules that some later moment owes something, by kind and time. */
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
export const messagePrefix = "message#";
export const messageKey = (taskId: TaskId, n: number): Key => ({ pk: taskId, sk: `${messagePrefix}${padded(n, 6)}` });
export const attemptPrefix = "attempt#";
export const slotsPk = (pool: string) => `slots#${pool}`;
export const slotKey = ({ pool, index }: Slot): Key => ({ pk: slotsPk(pool), sk: padded(index, 6) });
export const switchKey = (scope: Scope): Key => ({ pk: `switch#${formatScope(scope)}`, sk: "switch" });
/** How often a switch was written that was stopped then. What else is turned fences nobody, and is not counted. */
export const switchTurnsKey: Key = { pk: "switches", sk: "turns" };
/** Until when the provider behind a workspace's credential is out of quota. */
export const providerKey = (workspace: string, credential: string): Key => ({
  pk: `providers#${workspace}`,
  sk: credential,
});
export const watchKey: Key = { pk: "reaper", sk: "watch" };
export const workspacesPk = "workspaces";
export const workspaceKey = (workspace: string): Key => ({ pk: workspacesPk, sk: workspace });
/** The acts of one chain; its last version and hash stand in its head. */
export const actKey = (chain: string, version: number): Key => ({
  pk: `audit#${chain}`,
  sk: `act#${padded(version, 10)}`,
});
/** The heads of all chains stand together, so that the daily digest finds each of them without a scan. */
export const chainHeadsPk = "chains";
export const chainHeadKey = (chain: string): Key => ({ pk: chainHeadsPk, sk: chain });
export const digestsPk = "digests";
export const digestKey = (number: number): Key => ({ pk: digestsPk, sk: padded(number, 10) });
/** Open operations stand together, so that the reaper finds them; a finished one moves to a key of its own. */
export const openOperationsPk = "operations";
export const openOperationKey = (operationId: string): Key => ({ pk: openOperationsPk, sk: operationId });
export const operationKey = (operationId: string): Key => ({ pk: operationId, sk: "operation" });
/** All backends together, with what their last checks found; a name holds no `#`. */
export const backendsPk = "backends";
export const backendKey = (name: string): Key => ({ pk: backendsPk, sk: name });
export const backendHealthKey = (name: string): Key => ({ pk: backendsPk, sk: `health#${name}` });
/** Names the keys of a workspace, since a key stands under its own id. */
export const workspaceApiKeyKey = (workspace: string, keyId: string): Key => ({ pk: `keys#${workspace}`, sk: keyId });
/** One minute of one key or source; TTL removes it. */
export const requestsKey = (caller: string, kind: string, minute: number): Key => ({
  pk: `requests#${caller}`,
  sk: `${kind}#${minute}`,
});
export const apiKeyKey = (keyId: KeyId): Key => ({ pk: keyId, sk: "key" });
export const idempotencyKey = (workspace: string, key: string): Key => ({
  pk: `idempotency#${workspace}`,
  sk: key,
});
/** Of a message of the intake queue. */
export const intakeOutcomeKey = (workspace: string, messageId: string): Key => ({
  pk: `intake#${workspace}`,
  sk: messageId,
});

/** The outbox: tasks whose end not everybody knows yet, or what is overdue of them. In one place, so that the reaper finds them. */
export const outboxPk = "outbox";
export const owedKey = ({ taskId, eventId, overdue }: OwedKey): Key => ({
  pk: outboxPk,
  sk: overdue ? `${taskId}#${eventId}` : taskId,
});
export const webhookKey = (workspace: string, webhookId: string): Key => ({
  pk: `webhooks#${workspace}`,
  sk: webhookId,
});
/** Under its own id, which is all that a delivery names; its workspace names it too. */
export const sourceKey = (sourceId: string): Key => ({ pk: sourceId, sk: "source" });
export const workspaceSourceKey = (workspace: string, sourceId: string): Key => ({
  pk: `sources#${workspace}`,
  sk: sourceId,
});
export const scheduleKey = (workspace: string, scheduleId: string): Key => ({
  pk: `schedules#${workspace}`,
  sk: scheduleId,
});
export const deliveryPrefix = "delivery#";
export function deliveryKey(deliveryId: DeliveryId): Key {
  const parsed = parseDeliveryId(deliveryId);
  if (!parsed) throw new Error(`not a delivery id: ${deliveryId}`);
  return { pk: parsed.receiver, sk: `${deliveryPrefix}${parsed.order}` };
}
/** The place in the due index of something that is no task. */
export const pendingKeys = (kind: string, at: number, id: string) => ({
  duePk: kind,
  dueSk: `${padded(at, 13)}#${id}`,
});

export function attemptKey(agentId: AgentId): Key {
  const parsed = parseAgentId(agentId);
  if (!parsed) throw new Error(`not an agent id: ${agentId}`);
  return { pk: parsed.taskId, sk: `${attemptPrefix}${padded(parsed.attempt, 6)}` };
}

/** What changes in the indexes with a change of an attempt: it stands in the due index while it owes its cleanup. */
export function attemptIndexKeys(agentId: AgentId, set: Partial<Attempt>): Record<string, string | undefined> {
  if (!("cleanupAt" in set)) return {};
  if (set.cleanupAt === undefined) return { duePk: undefined, dueSk: undefined };
  return pendingKeys(cleanupKind, set.cleanupAt, agentId);
}
export const cleanupKind = "cleanup";

/** An older version kept live tasks beside the queued ones: that partition has kept its name, so both versions find what waits. */
export const phasePk = (workspace: string, phase: Phase) => `${workspace}#${phase === "queued" ? "active" : phase}`;

const feedHourMs = 60 * 60 * 1000;
/** The partitions that hold what happened from `from` to `until`, oldest first. */
export function feedPartitions(workspace: string, from: number, until: number): string[] {
  const first = Math.floor(from / feedHourMs);
  const hours = Math.max(0, Math.floor(until / feedHourMs) - first) + 1;
  return Array.from({ length: hours }, (_, i) => `${workspace}#${first + i}`);
}
export const feedSortKey = (at: number, eventId = "") => `${padded(at, 13)}#${eventId}`;
export const feedKeys = (workspace: string, { at, eventId }: { at: number; eventId: string }) => ({
  feedPk: feedPartitions(workspace, at, at)[0],
  feedSk: feedSortKey(at, eventId),
});

/** Counters of a workspace, in shards: a task keeps to its own, so that most transactions do not meet. */
export const counterShards = 10;
export const counterKey = (workspace: string, shard: number): Key => ({
  pk: `counter#${workspace}`,
  sk: String(shard),
});
/** What came to pass in an hour, in the same shards; TTL removes it. */
export const hourKey = (workspace: string, hour: number, shard: number): Key => ({
  pk: `hours#${workspace}`,
  sk: `${padded(hour, 10)}.${shard}`,
});
/** Sorts after every shard of `hour`. */
export const hoursUntil = (hour: number) => `${padded(hour, 10)}.~`;
export const shardOf = (taskId: TaskId): number => (taskId.charCodeAt(taskId.length - 1) ?? 0) % counterShards;

/** The index attributes of a task as it now is; an absent one takes it out of that index. */
export function taskIndexKeys(task: Task): Record<string, string> {
  const keys: Record<string, string> = {
    listPk: task.workspace,
    listSk: task.taskId,
    phasePk: phasePk(task.workspace, phaseOf(task.status)),
    phaseSk: task.taskId,
  };
  if (task.due?.kind === "held") return { ...keys, ...heldKeys(task, task.due) };
  if (task.due?.kind === "ready") return { ...keys, ...waitingKeys(task, task.due) };
  if (task.due) return { ...keys, duePk: task.due.kind, dueSk: dueSortKey(task.due.at, task) };
  if (task.status === "queued") return { ...keys, ...readyKeys(task) };
  return keys;
}

const waitingKeys = (task: Task, { kind, at }: Due) => ({ duePk: kind, dueSk: waitingPosition(at, task) });

/**
 * The partition of the ready index for tasks that wait for room in a pool. Under `held#` an older version wrote them without
 * their workspace: those are let go by their time alone.
 */
export const heldPk = (pool: string) => `waiting#${pool}`;
export const heldKeys = (task: Task, due: Extract<Due, { kind: "held" }>) => ({
  ...waitingKeys(task, due),
  readyPk: heldPk(due.pool),
  readySk: positionOf(task),
});

/** One partition, so that whoever looks for work meets the workspaces that have some, and no other. */
export const readyPk = "ready";
export const readyKeys = (task: Task) => ({ readyPk, readySk: positionOf(task) });

/** Of what a task owes that has ended: by time alone. */
export const dueSortKey = (at: number, { taskId, workspace }: Pick<Task, "taskId" | "workspace">) =>
  `${padded(at, 13)}#${taskId}#${workspace}`;
/** Sorts after every key that is due at `now`. */
export const dueUntil = (now: number) => `${padded(now, 13)}#~`;
