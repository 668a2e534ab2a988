// How is one change of a task written? Task, event, attempt and slot in one transaction, or nothing of it.
import { type TransactWriteItem, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import type { CommitOutcome, Creation, TaskChange } from "../core/cloud.ts";
import type { TaskId } from "../core/ids.ts";
import type { AttemptChange, SlotChange } from "../core/transitions.ts";
import { cancellationReasons, type Dynamo, mustNotExist, put, setExpression, toItem } from "./dynamo.ts";
import { attemptKey, eventKey, idempotencyKey, slotKey, specKey, taskIndexKeys, taskKey } from "./keys.ts";

const versionIsTheOneRead = "version = :read";
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
  const items: TransactWriteItem[] = [putTask(dynamo, change), putEvent(dynamo, change.event)];
  if (change.attempt) items.push(writeAttempt(dynamo, change.attempt));
  const slotIndex = change.slot ? items.push(writeSlot(dynamo, change.slot)) - 1 : -1;
  try {
    // The event id as request token: the SDK repeats a request whose answer was lost, and must not conflict with itself.
    await dynamo.client.send(
      new TransactWriteItemsCommand({ TransactItems: items, ClientRequestToken: change.event.eventId }),
    );
    return { kind: "committed" };
  } catch (error) {
    const reasons = cancellationReasons(error);
    if (!reasons) throw error;
    const [task, event] = reasons;
    if (task?.code === "ConditionalCheckFailed") {
      return { kind: task.item?.lastEventId === change.event.eventId ? "committed" : "stale" };
    }
    if (event?.code === "ConditionalCheckFailed") return { kind: "stale" };
    if (reasons[slotIndex]?.code === "ConditionalCheckFailed") return { kind: "slot_taken" };
    if (reasons.some((reason) => isContention(reason.code))) return { kind: "contended" };
    throw error;
  }
}

const isContention = (code: string) => code === "TransactionConflict" || code === "ThrottlingError";

function putTask(dynamo: Dynamo, { before, after }: TaskChange): TransactWriteItem {
  return put(
    dynamo,
    { ...taskKey(after.taskId), ...taskIndexKeys(after), ...after },
    {
      ConditionExpression: versionIsTheOneRead,
      ExpressionAttributeValues: toItem({ ":read": before.version }),
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    },
  );
}

const putEvent = (dynamo: Dynamo, event: TaskChange["event"]) =>
  put(dynamo, { ...eventKey(event.taskId, event.version), ...event }, mustNotExist);

function writeAttempt(dynamo: Dynamo, change: AttemptChange): TransactWriteItem {
  if (change.kind === "open") {
    return put(dynamo, { ...attemptKey(change.attempt.agentId), ...change.attempt }, mustNotExist);
  }
  const Key = toItem(attemptKey(change.agentId));
  return { Update: { TableName: dynamo.tableName, Key, ...setExpression({ ...change.set }) } };
}

function writeSlot(dynamo: Dynamo, change: SlotChange): TransactWriteItem {
  const { slot, holder } = change;
  if (change.kind === "take") return put(dynamo, { ...slotKey(slot), holder }, { ConditionExpression: slotIsFree });
  return {
    Delete: {
      TableName: dynamo.tableName,
      Key: toItem(slotKey(slot)),
      ConditionExpression: slotIsOurs,
      ExpressionAttributeValues: toItem({ ":holder": holder }),
    },
  };
}

/** Writes a new task with its first event, or tells which task the same idempotency key already made. */
export async function createTask(
  dynamo: Dynamo,
  creation: Creation,
): Promise<{ kind: "created" } | { kind: "repeated"; taskId: TaskId; bodyHash: string }> {
  const { task, spec, event, idempotency } = creation;
  const items = [
    put(dynamo, { ...taskKey(task.taskId), ...taskIndexKeys(task), ...task }, mustNotExist),
    put(dynamo, { ...specKey(task.taskId), ...spec }, mustNotExist),
    putEvent(dynamo, event),
  ];
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
    await dynamo.client.send(
      new TransactWriteItemsCommand({ TransactItems: items, ClientRequestToken: event.eventId }),
    );
    return { kind: "created" };
  } catch (error) {
    const record = cancellationReasons(error)?.at(3)?.item;
    if (!record) throw error;
    return { kind: "repeated", taskId: record.taskId as TaskId, bodyHash: String(record.bodyHash) };
  }
}
