// How are acts without a task written and read: switches, keys, operations, each with its entry in an audit chain?
import {
  DeleteItemCommand,
  PutItemCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import type { AuditAct } from "../core/audit.ts";
import type { Operation } from "../core/operations.ts";
import { parseScope } from "../core/switches.ts";
import type { ActWrite, ApiKey } from "../core/table.ts";
import {
  cancellationReasons,
  type Dynamo,
  getItem,
  type Item,
  isContention,
  isInDoubt,
  mustNotExist,
  put,
  queryItems,
  toItem,
} from "./dynamo.ts";
import { countTurn } from "./fences.ts";
import { writeIntakeOutcome } from "./intake-outcomes.ts";
import {
  actKey,
  apiKeyKey,
  backendKey,
  chainHeadKey,
  chainHeadsPk,
  openOperationKey,
  openOperationsPk,
  operationKey,
  providerKey,
  switchKey,
  webhookKey,
  workspaceApiKeyKey,
} from "./keys.ts";
import { deleteSchedule, writeSchedule } from "./schedules.ts";
import { deleteSource, writeSource } from "./sources.ts";

const headIsTheOneRead = "version = :read";
const noHeadYet = "attribute_not_exists(pk)";

export async function getChainHead(dynamo: Dynamo, chain: string): Promise<{ version: number; hash: string }> {
  const head = await getItem(dynamo, chainHeadKey(chain));
  return { version: Number(head?.version ?? 0), hash: String(head?.hash ?? "") };
}

export async function listChainHeads(dynamo: Dynamo): Promise<{ chain: string; version: number; hash: string }[]> {
  const heads = await queryItems(dynamo, {
    KeyConditionExpression: "pk = :chains",
    ExpressionAttributeValues: toItem({ ":chains": chainHeadsPk }),
    ConsistentRead: true,
  });
  return heads.map(({ sk, version, hash }) => ({ chain: String(sk), version: Number(version), hash: String(hash) }));
}

export async function listActs(
  dynamo: Dynamo,
  chain: string,
  afterVersion: number,
  limit: number,
): Promise<AuditAct[]> {
  const items = await queryItems(dynamo, {
    KeyConditionExpression: "pk = :chain AND sk BETWEEN :first AND :last",
    ExpressionAttributeValues: toItem({
      ":chain": actKey(chain, 1).pk,
      ":first": actKey(chain, afterVersion + 1).sk,
      ":last": actKey(chain, 9_999_999_999).sk,
    }),
    ConsistentRead: true,
    Limit: limit,
  });
  return items.map((item) => withoutKey<AuditAct>(item));
}

/** Every act of a chain moves its head, so whoever read an older head loses: what the act changes is guarded too. */
export async function commitAct(
  dynamo: Dynamo,
  act: AuditAct,
  writes: readonly ActWrite[],
): Promise<{ kind: "committed" | "stale" | "contended" }> {
  const head = { ...chainHeadKey(act.chain), version: act.version, hash: act.hash, eventId: act.eventId };
  const condition =
    act.version === 1
      ? { ConditionExpression: noHeadYet }
      : { ConditionExpression: headIsTheOneRead, ExpressionAttributeValues: toItem({ ":read": act.version - 1 }) };
  const items = [
    put(dynamo, head, { ...condition, ReturnValuesOnConditionCheckFailure: "ALL_OLD" }),
    put(dynamo, { ...actKey(act.chain, act.version), ...act }, mustNotExist),
    ...writes.flatMap((write) => toWrites(dynamo, write)),
    ...(writes.some(isStop) ? [countTurn(dynamo)] : []),
  ];
  try {
    await dynamo.client.send(new TransactWriteItemsCommand({ TransactItems: items, ClientRequestToken: act.eventId }));
    return { kind: "committed" };
  } catch (error) {
    const reasons = cancellationReasons(error);
    if (!reasons && isInDoubt(error)) return { kind: "contended" };
    if (!reasons) throw error;
    const [headReason] = reasons;
    if (headReason?.code === "ConditionalCheckFailed") {
      return { kind: headReason.item?.eventId === act.eventId ? "committed" : "stale" };
    }
    // What it changes was changed by something that is no act.
    if (reasons.some(({ code }) => code === "ConditionalCheckFailed")) return { kind: "stale" };
    if (isContention(reasons)) return { kind: "contended" };
    throw error;
  }
}

/** Only a stop raises a generation, and it leaves its switch stopped. What else is turned fences nobody. */
const isStop = (write: ActWrite) => write.kind === "switch" && write.next.stopped;

function toWrites(dynamo: Dynamo, write: ActWrite): TransactWriteItem[] {
  switch (write.kind) {
    case "switch":
      return [put(dynamo, { ...switchKey(parseScope(write.next.scope)), ...write.next })];
    case "api_key": {
      const { keyId, workspace } = write.key;
      return [
        put(dynamo, { ...apiKeyKey(keyId), ...write.key }),
        put(dynamo, { ...workspaceApiKeyKey(workspace, keyId), keyId }),
      ];
    }
    case "webhook":
      return [put(dynamo, { ...webhookKey(write.webhook.workspace, write.webhook.webhookId), ...write.webhook })];
    case "webhook_removed": {
      const Key = toItem(webhookKey(write.workspace, write.webhookId));
      return [{ Delete: { TableName: dynamo.tableName, Key } }];
    }
    case "source":
      return writeSource(dynamo, write.source);
    case "source_removed":
      return deleteSource(dynamo, write.workspace, write.sourceId);
    case "schedule":
      return [writeSchedule(dynamo, write.schedule)];
    case "schedule_removed":
      return [deleteSchedule(dynamo, write.workspace, write.scheduleId)];
    case "provider_resumed":
      return [{ Delete: { TableName: dynamo.tableName, Key: toItem(providerKey(write.workspace, write.credential)) } }];
    case "intake_outcome":
      return [writeIntakeOutcome(dynamo, write.outcome)];
    case "operation":
      return [put(dynamo, { ...openOperationKey(write.operation.operationId), ...write.operation })];
    case "backend":
      return [put(dynamo, { ...backendKey(write.backend.name), ...write.backend })];
  }
}

export async function getApiKey(dynamo: Dynamo, keyId: ApiKey["keyId"]): Promise<ApiKey | undefined> {
  const item = await getItem(dynamo, apiKeyKey(keyId));
  return item && withoutKey<ApiKey>(item);
}

export async function listApiKeys(dynamo: Dynamo, workspace: string): Promise<ApiKey[]> {
  const names = await queryItems(dynamo, {
    KeyConditionExpression: "pk = :keys",
    ExpressionAttributeValues: toItem({ ":keys": workspaceApiKeyKey(workspace, "").pk }),
  });
  const keys = await Promise.all(names.map(({ keyId }) => getApiKey(dynamo, keyId as ApiKey["keyId"])));
  return keys.filter((key) => key !== undefined);
}

export async function getOperation(dynamo: Dynamo, id: Operation["operationId"]): Promise<Operation | undefined> {
  const item = (await getItem(dynamo, openOperationKey(id))) ?? (await getItem(dynamo, operationKey(id)));
  return item && withoutKey<Operation>(item);
}

export async function openOperations(dynamo: Dynamo): Promise<Operation[]> {
  const items = await queryItems(dynamo, {
    KeyConditionExpression: "pk = :open",
    ExpressionAttributeValues: toItem({ ":open": openOperationsPk }),
    ConsistentRead: true,
  });
  return items.map((item) => withoutKey<Operation>(item));
}

/** Two that work on one operation count some tasks twice at worst: a kill itself takes effect once. */
export async function putOperation(dynamo: Dynamo, operation: Operation): Promise<void> {
  const { operationId, finishedAt } = operation;
  const key = finishedAt ? operationKey(operationId) : openOperationKey(operationId);
  const TableName = dynamo.tableName;
  await dynamo.client.send(new PutItemCommand({ TableName, Item: toItem({ ...key, ...operation }) }));
  if (!finishedAt) return;
  await dynamo.client.send(new DeleteItemCommand({ TableName, Key: toItem(openOperationKey(operationId)) }));
}

function withoutKey<T>({ pk: _pk, sk: _sk, ...rest }: Item): T {
  return rest as T;
}
