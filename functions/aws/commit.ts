// How is one change of a task written? Task, event, attempt and slot in one transaction, or nothing of it.
import { type TransactWriteItem, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import type { AttemptChange, SlotChange } from "../core/events.ts";
import type { TaskId } from "../core/ids.ts";
import { owedBy } from "../core/notices.ts";
import type { CommitOutcome, CreateOutcome, Creation, TaskChange } from "../core/table.ts";
import { isFinal, type Task } from "../core/task.ts";
import {
  addTo,
  cancellationReasons,
  type Dynamo,
  isContention,
  isInDoubt,
  mustNotExist,
  put,
  setExpression,
  toItem,
} from "./dynamo.ts";
import { noneTurned, readTurns, sameGenerations, turnsAttribute, turnsOf } from "./fences.ts";
import { countHours } from "./hours.ts";
import { writeIntakeOutcome } from "./intake-outcomes.ts";
import {
  attemptIndexKeys,
  attemptKey,
  counterKey,
  eventKey,
  feedKeys,
  idempotencyKey,
  messageKey,
  owedKey,
  shardOf,
  slotKey,
  specKey,
  taskIndexKeys,
  taskKey,
} from "./keys.ts";

const versionIsTheOneRead = "version = :read";
const leaseIsTheOneRead = "leaseExpiresAt = :lease";
const nobodyElseLaunchedIt = "attribute_not_exists(relaunchedAt)";
const slotIsFree = "attribute_not_exists(pk)";
const slotIsOurs = "holder = :holder";

/**
 * Writes a change on condition that the task still has the version it was decided on.
 *
 *   A reads v3 ── decides ──────────── writes v4  (cancelled: version is 4)  → stale, A decides again
 *   B      reads v3 ── decides ── writes v4
 *
 * An answer that got lost looks like a conflict with ourselves: the task then holds our own event id.
 */
export async function commitChange(dynamo: Dynamo, change: TaskChange): Promise<CommitOutcome> {
  const turns = turnsOf(change.before);
  if (!change.fenced) return commitBehind(dynamo, change, [], turns);
  if (turns !== undefined) {
    const outcome = await commitBehind(dynamo, change, [noneTurned(dynamo, turns)], turns);
    if (outcome.kind !== "fenced") return outcome;
  }
  // Some switch was turned since, or it is not known: this task's own are looked at.
  const turnsNow = await readTurns(dynamo);
  return commitBehind(dynamo, change, sameGenerations(dynamo, change.before), turnsNow);
}

async function commitBehind(
  dynamo: Dynamo,
  change: TaskChange,
  fences: TransactWriteItem[],
  turns: number | undefined,
): Promise<CommitOutcome> {
  const items = [putTask(dynamo, change, turns), putEvent(dynamo, change.after.workspace, change.event)];
  const { before, after } = change;
  if (isFinal(after.status) && !isFinal(before.status)) {
    items.push(addToCounter(dynamo, after, { active: -1, [after.status]: 1 }));
  }
  items.push(...countHours(dynamo, change));
  const owed = owedBy(change);
  if (owed) items.push(put(dynamo, { ...owedKey(owed), ...owed }));
  if (change.spec) items.push(put(dynamo, { ...specKey(change.after.taskId), ...change.spec }));
  const { message } = change;
  if (message) items.push(put(dynamo, { ...messageKey(after.taskId, message.number), ...message }, mustNotExist));
  const attemptAt = change.attempt ? items.push(writeAttempt(dynamo, change.attempt)) - 1 : Number.POSITIVE_INFINITY;
  const slots = (change.slots ?? []).map((slot) => writeSlot(dynamo, slot));
  const fencesAt = items.push(...fences) - fences.length;
  const slotsAt = items.push(...slots) - slots.length;
  try {
    // Made of the event's id: the SDK repeats a request whose answer was lost, and must not conflict with itself.
    const ClientRequestToken = `${change.event.eventId}-${fences.length}`;
    await dynamo.client.send(new TransactWriteItemsCommand({ TransactItems: items, ClientRequestToken }));
    return { kind: "committed" };
  } catch (error) {
    const reasons = cancellationReasons(error);
    if (!reasons) {
      if (isInDoubt(error)) return { kind: "contended" };
      throw error;
    }
    const failed = (from: number, count: number) => reasons.slice(from, from + count).some(isConditionReason);
    const [task, event] = reasons;
    if (isConditionReason(task)) {
      return { kind: task?.item?.lastEventId === change.event.eventId ? "committed" : "stale" };
    }
    if (isConditionReason(event)) return { kind: "stale" };
    if (failed(attemptAt, 1)) return { kind: "stale" };
    if (failed(fencesAt, fences.length)) return { kind: "fenced" };
    if (failed(slotsAt, slots.length)) return { kind: "slot_taken" };
    if (isContention(reasons)) return { kind: "contended" };
    throw error;
  }
}

const isConditionReason = (reason: { code: string } | undefined) => reason?.code === "ConditionalCheckFailed";

/** Unconditional, so it never refuses; two that meet in one shard are contention. */
const addToCounter = (dynamo: Dynamo, { workspace, taskId }: Task, by: Record<string, number>) =>
  addTo(dynamo, counterKey(workspace, shardOf(taskId)), by);

/** Through the gate all go one after the other, on one shard; the sum is the same. */
function countCreated(dynamo: Dynamo, { task, gate }: Creation): TransactWriteItem {
  if (gate === undefined) return addToCounter(dynamo, task, { active: 1 });
  const { Update: add } = addTo(dynamo, counterKey(task.workspace, 0), { active: 1, gate: 1 });
  if (!add) throw new Error("a counter is updated");
  const ConditionExpression = "attribute_not_exists(gate) OR gate = :gate";
  const ExpressionAttributeValues = { ...add.ExpressionAttributeValues, ...toItem({ ":gate": gate }) };
  return { Update: { ...add, ConditionExpression, ExpressionAttributeValues } };
}

function putTask(dynamo: Dynamo, { before, after }: TaskChange, turns: number | undefined): TransactWriteItem {
  return put(dynamo, toTaskItem(after, turns), {
    ConditionExpression: versionIsTheOneRead,
    ExpressionAttributeValues: toItem({ ":read": before.version }),
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  });
}

const toTaskItem = (task: Task, turns: number | undefined) => ({
  ...taskKey(task.taskId),
  ...taskIndexKeys(task),
  ...task,
  [turnsAttribute]: turns,
});

const putEvent = (dynamo: Dynamo, workspace: string, event: TaskChange["event"]) =>
  put(dynamo, { ...eventKey(event.taskId, event.version), ...feedKeys(workspace, event), ...event }, mustNotExist);

function writeAttempt(dynamo: Dynamo, change: AttemptChange): TransactWriteItem {
  if (change.kind === "open") {
    return put(dynamo, { ...attemptKey(change.attempt.agentId), ...change.attempt }, mustNotExist);
  }
  const Key = toItem(attemptKey(change.agentId));
  const update = setExpression({ ...change.set, ...attemptIndexKeys(change.agentId, change.set) });
  const Update = { TableName: dynamo.tableName, Key, ...update };
  if (change.set.neverLaunched) return { Update: { ...Update, ConditionExpression: nobodyElseLaunchedIt } };
  if (change.ifLeaseAt === undefined) return { Update };
  const ExpressionAttributeValues = { ...update.ExpressionAttributeValues, ...toItem({ ":lease": change.ifLeaseAt }) };
  return { Update: { ...Update, ConditionExpression: leaseIsTheOneRead, ExpressionAttributeValues } };
}

function writeSlot(dynamo: Dynamo, change: SlotChange): TransactWriteItem {
  const { slot, holder, workspace } = change;
  if (change.kind === "take")
    return put(dynamo, { ...slotKey(slot), holder, workspace }, { ConditionExpression: slotIsFree });
  return {
    Delete: {
      TableName: dynamo.tableName,
      Key: toItem(slotKey(slot)),
      ConditionExpression: slotIsOurs,
      ExpressionAttributeValues: toItem({ ":holder": holder }),
    },
  };
}

/**
 * Writes a new task with its first event, or tells which task the same idempotency key already made.
 *
 *   submission: reads the switches ─────────────────── writes (cancelled: another generation)
 *   stop:                           raises the generation
 */
export async function createTask(dynamo: Dynamo, creation: Creation): Promise<CreateOutcome> {
  const { task, spec, event, idempotency, intakeOutcome } = creation;
  // Before the generations are checked, or what is turned in between would go unseen.
  const turns = await readTurns(dynamo);
  const fences = sameGenerations(dynamo, task, true);
  const items = [
    ...fences,
    put(dynamo, toTaskItem(task, turns), mustNotExist),
    put(dynamo, { ...specKey(task.taskId), ...spec }, mustNotExist),
    putEvent(dynamo, task.workspace, event),
    countCreated(dynamo, creation),
  ];
  const decidedAt = intakeOutcome && items.push(writeIntakeOutcome(dynamo, intakeOutcome)) - 1;
  if (idempotency) {
    const { key, bodyHash, expiresAt } = idempotency;
    // TTL deletes late, up to days; an expired record counts as absent from its moment on.
    items.push(
      put(
        dynamo,
        {
          ...idempotencyKey(task.workspace, key),
          taskId: task.taskId,
          bodyHash,
          expiresAt: Math.ceil(expiresAt / 1000),
        },
        {
          ConditionExpression: "attribute_not_exists(pk) OR expiresAt <= :now",
          ExpressionAttributeValues: toItem({ ":now": Math.floor(task.createdAt / 1000) }),
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        },
      ),
    );
  }
  try {
    // One token stands for one content, which differs by the turns when the caller tries again. It has 36 characters.
    const ClientRequestToken = `${event.eventId}-${turns.toString(36)}`;
    await dynamo.client.send(new TransactWriteItemsCommand({ TransactItems: items, ClientRequestToken }));
    return { kind: "created" };
  } catch (error) {
    const reasons = cancellationReasons(error);
    if (!reasons && isInDoubt(error)) return { kind: "contended" };
    // Nobody else has its id: written before, and then a stop has made another request of the repetition.
    if (isConditionReason(reasons?.[fences.length])) return { kind: "created" };
    if (isConditionReason(reasons?.[fences.length + 3])) return { kind: "crowded" };
    if (decidedAt && isConditionReason(reasons?.[decidedAt])) return { kind: "decided" };
    const record = idempotency && reasons?.at(-1)?.item;
    if (!record && reasons?.slice(0, fences.length).some(isConditionReason)) return { kind: "fenced" };
    if (!record && reasons && isContention(reasons)) return { kind: "contended" };
    if (!record) throw error;
    return { kind: "repeated", taskId: record.taskId as TaskId, bodyHash: String(record.bodyHash) };
  }
}
