// How are attempts and slots read, and how does a heartbeat move a lease?
import { DeleteItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import type { AgentId, TaskId } from "../core/ids.ts";
import { hourOf } from "../core/spending.ts";
import type { BeatOutcome } from "../core/table.ts";
import type { Attempt, Beat, Slot } from "../core/task.ts";
import type { Watch } from "../core/watch.ts";
import {
  type Dynamo,
  fromItem,
  getItem,
  getItems,
  type Item,
  isConditionFailure,
  queryItems,
  setExpression,
  toItem,
} from "./dynamo.ts";
import {
  attemptIndexKeys,
  attemptKey,
  attemptPrefix,
  cleanupKind,
  dueUntil,
  indexes,
  slotKey,
  slotsPk,
  watchKey,
} from "./keys.ts";

const slotIsHeldBy = "holder = :holder";
const attemptIsRunning = "#state = :running";
const owesCleanup = "attribute_exists(cleanupAt)";
const attemptIsLive = "#state IN (:spawning, :running)";
const noSandboxIsRecorded = "#state = :spawning AND attribute_not_exists(sandboxArn)";

/** One attribute for each hour, since a map would have to be there before its first member is set. */
const spentUntil = "spentUntil#";

function toAttempt(item: Item): Attempt {
  const { pk: _pk, sk: _sk, duePk: _duePk, dueSk: _dueSk, ...rest } = item;
  const entries = Object.entries(rest);
  const marks = entries.filter(([name]) => name.startsWith(spentUntil));
  if (marks.length === 0) return rest as unknown as Attempt;
  const attempt = Object.fromEntries(entries.filter(([name]) => !name.startsWith(spentUntil)));
  const until = Object.fromEntries(marks.map(([name, total]) => [name.slice(spentUntil.length), total]));
  return { ...attempt, spentUntil: until } as unknown as Attempt;
}

export async function getAttempt(dynamo: Dynamo, agentId: AgentId): Promise<Attempt | undefined> {
  const item = await getItem(dynamo, attemptKey(agentId));
  return item && toAttempt(item);
}

export async function getAttempts(dynamo: Dynamo, agentIds: AgentId[]): Promise<Attempt[]> {
  return (await getItems(dynamo, [...new Set(agentIds)].map(attemptKey))).map(toAttempt);
}

/** Oldest first. */
export async function listAttempts(dynamo: Dynamo, taskId: TaskId): Promise<Attempt[]> {
  const items = await queryItems(dynamo, {
    KeyConditionExpression: "pk = :task AND begins_with(sk, :prefix)",
    ExpressionAttributeValues: toItem({ ":task": taskId, ":prefix": attemptPrefix }),
    ConsistentRead: true,
  });
  return items.map(toAttempt);
}

/** One UpdateItem: the item is in no index and has no version, so a beat conflicts with nothing. */
export async function beat(
  dynamo: Dynamo,
  agentId: AgentId,
  beatOfNow: Beat,
  leaseExpiresAt: number,
  at: number,
): Promise<BeatOutcome> {
  const { spend } = beatOfNow;
  const mark = spend ? { [`${spentUntil}${hourOf(at)}`]: spend.microDollars } : {};
  const set = { beat: beatOfNow, leaseExpiresAt, ...mark };
  const attempt = await updateAttempt(dynamo, agentId, set, attemptIsRunning, { ":running": "running" });
  return attempt ? { kind: "accepted", inbox: Number(attempt.inbox ?? 0) } : { kind: "refused" };
}

/**
 *   dispatcher: claim ── RunTask ───────────────── record ARN (refused → stop it)
 *   kill:                        commit ── read ARN: none
 *
 * Recorded before the kill's commit, the kill finds the ARN; after it, the record is refused. There is no third case.
 */
export async function recordSandbox(dynamo: Dynamo, agentId: AgentId, sandboxArn: string): Promise<boolean> {
  const live = { ":spawning": "spawning", ":running": "running" };
  return (await updateAttempt(dynamo, agentId, { sandboxArn }, attemptIsLive, live)) !== undefined;
}

/** Before somebody else than the claimer calls RunTask: from then on no answer to one of them speaks for both. */
export async function takeUpLaunch(dynamo: Dynamo, agentId: AgentId, at: number): Promise<boolean> {
  const values = { ":spawning": "spawning" };
  return (await updateAttempt(dynamo, agentId, { relaunchedAt: at }, noSandboxIsRecorded, values)) !== undefined;
}

export async function dueCleanups(dynamo: Dynamo, now: number, limit: number): Promise<AgentId[]> {
  const keys = await queryItems(dynamo, {
    IndexName: indexes.due.name,
    KeyConditionExpression: "duePk = :kind AND dueSk <= :until",
    ExpressionAttributeValues: toItem({ ":kind": cleanupKind, ":until": dueUntil(now) }),
    Limit: limit,
  });
  return keys.map(({ dueSk }) => String(dueSk).split("#")[1] as AgentId);
}

export async function postponeCleanup(
  dynamo: Dynamo,
  agentId: AgentId,
  at: number,
  unseenAt: number | undefined,
): Promise<void> {
  const set = { cleanupAt: at, unseenAt };
  await updateAttempt(dynamo, agentId, { ...set, ...attemptIndexKeys(agentId, set) }, owesCleanup, {});
}

/** The attempt as it now is; undefined when the condition does not hold. */
async function updateAttempt(
  dynamo: Dynamo,
  agentId: AgentId,
  set: Item,
  condition: string,
  values: Item,
): Promise<Attempt | undefined> {
  const update = setExpression(set);
  const names: Record<string, string> = condition.includes("#state") ? { "#state": "state" } : {};
  try {
    const { Attributes = {} } = await dynamo.client.send(
      new UpdateItemCommand({
        TableName: dynamo.tableName,
        Key: toItem(attemptKey(agentId)),
        ReturnValues: "ALL_NEW",
        UpdateExpression: update.UpdateExpression,
        ConditionExpression: condition,
        ExpressionAttributeNames: { ...update.ExpressionAttributeNames, ...names },
        ExpressionAttributeValues: { ...update.ExpressionAttributeValues, ...toItem(values) },
      }),
    );
    return toAttempt(fromItem(Attributes));
  } catch (error) {
    if (isConditionFailure(error)) return undefined;
    throw error;
  }
}

export async function getWatch(dynamo: Dynamo): Promise<Watch | undefined> {
  const item = await getItem(dynamo, watchKey);
  if (!item) return undefined;
  const { lookedAt, leasesHoldUntil, wasAway } = item;
  return { lookedAt: Number(lookedAt), leasesHoldUntil: Number(leasesHoldUntil), wasAway: wasAway === true };
}

export async function heldSlots(
  dynamo: Dynamo,
  pool: string,
): Promise<{ index: number; holder: AgentId; workspace: string }[]> {
  const items = await queryItems(dynamo, {
    KeyConditionExpression: "pk = :slots",
    ExpressionAttributeValues: toItem({ ":slots": slotsPk(pool) }),
    ConsistentRead: true,
  });
  return items.map((item) => ({
    index: Number(item.sk),
    holder: item.holder as AgentId,
    workspace: String(item.workspace),
  }));
}

export async function releaseSlot(dynamo: Dynamo, slot: Slot, holder: AgentId): Promise<void> {
  try {
    await dynamo.client.send(
      new DeleteItemCommand({
        TableName: dynamo.tableName,
        Key: toItem(slotKey(slot)),
        ConditionExpression: slotIsHeldBy,
        ExpressionAttributeValues: toItem({ ":holder": holder }),
      }),
    );
  } catch (error) {
    // It was given back meanwhile, and may be somebody else's by now.
    if (!isConditionFailure(error)) throw error;
  }
}
