// How are webhooks, deliveries and the outbox kept?
import { DeleteItemCommand, PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { type Delivery, isDeliveryId, type Notices, type Owed, type Webhook } from "../core/notices.ts";
import { type Dynamo, getItem, type Item, isConditionFailure, mustNotExist, queryItems, toItem } from "./dynamo.ts";
import { deliveryKey, deliveryPrefix, dueUntil, indexes, outboxPk, owedKey, pendingKeys, webhookKey } from "./keys.ts";

const dueKind = "delivery";
const unchangedSinceRead = "attempts = :attempts AND #state = :state";
const restIsTheOneRead = "#rest.#until = :read";
const noRestYet = "attribute_exists(pk) AND attribute_not_exists(#rest)";
const keyNames = new Set<string>(["pk", "sk", indexes.due.pk, indexes.due.sk]);

export function openNotices(dynamo: Dynamo): Notices {
  const TableName = dynamo.tableName;
  return {
    async owedOf(taskId) {
      const items = await queryItems(dynamo, {
        KeyConditionExpression: "pk = :outbox AND begins_with(sk, :task)",
        ExpressionAttributeValues: toItem({ ":outbox": outboxPk, ":task": taskId }),
        ConsistentRead: true,
      });
      return items.map((item) => stripKeys<Owed>(item));
    },
    async listOwed(limit) {
      const items = await queryItems(dynamo, {
        KeyConditionExpression: "pk = :outbox",
        ExpressionAttributeValues: toItem({ ":outbox": outboxPk }),
        ConsistentRead: true,
        Limit: limit,
      });
      return items.map((item) => stripKeys<Owed>(item));
    },
    async clearOwed(owed) {
      await dynamo.client.send(new DeleteItemCommand({ TableName, Key: toItem(owedKey(owed)) }));
    },
    async getWebhook(workspace, webhookId) {
      const item = await getItem(dynamo, webhookKey(workspace, webhookId));
      return item && stripKeys<Webhook>(item);
    },
    async listWebhooks(workspace) {
      const items = await queryItems(dynamo, {
        KeyConditionExpression: "pk = :webhooks",
        ExpressionAttributeValues: toItem({ ":webhooks": webhookKey(workspace, "").pk }),
        ConsistentRead: true,
      });
      return items.map((item) => stripKeys<Webhook>(item));
    },
    async restWebhook({ workspace, webhookId, rest: read }, rest) {
      try {
        await dynamo.client.send(
          new UpdateItemCommand({
            TableName,
            Key: toItem(webhookKey(workspace, webhookId)),
            UpdateExpression: rest ? "SET #rest = :rest" : "REMOVE #rest",
            ConditionExpression: read ? restIsTheOneRead : noRestYet,
            ExpressionAttributeNames: read ? { "#rest": "rest", "#until": "until" } : { "#rest": "rest" },
            ExpressionAttributeValues: toItem({ ":rest": rest, ":read": read?.until }),
          }),
        );
        return "written";
      } catch (error) {
        if (isConditionFailure(error)) return "stale";
        throw error;
      }
    },
    async createDelivery(delivery) {
      try {
        await dynamo.client.send(new PutItemCommand({ TableName, Item: toDelivery(delivery), ...mustNotExist }));
      } catch (error) {
        // Made before, by a message that came twice or by a try that was not finished.
        if (!isConditionFailure(error)) throw error;
      }
    },
    async getDelivery(deliveryId) {
      const item = await getItem(dynamo, deliveryKey(deliveryId));
      return item && stripKeys<Delivery>(item);
    },
    async listDeliveries(receiver, before, limit) {
      const items = await queryItems(dynamo, {
        KeyConditionExpression: "pk = :receiver AND sk BETWEEN :first AND :before",
        ExpressionAttributeValues: toItem({
          ":receiver": receiver,
          ":first": deliveryPrefix,
          ":before": before ? deliveryKey(before).sk : `${deliveryPrefix}~`,
        }),
        ScanIndexForward: false,
        // BETWEEN takes its end in, and the page before has shown that one.
        Limit: limit + 1,
      });
      const deliveries = items.map((item) => stripKeys<Delivery>(item));
      return deliveries.filter(({ deliveryId }) => deliveryId !== before).slice(0, limit);
    },
    async replaceDelivery(before, after) {
      try {
        await dynamo.client.send(
          new PutItemCommand({
            TableName,
            Item: toDelivery(after),
            ConditionExpression: unchangedSinceRead,
            ExpressionAttributeNames: { "#state": "state" },
            ExpressionAttributeValues: toItem({ ":attempts": before.attempts, ":state": before.state }),
          }),
        );
        return "replaced";
      } catch (error) {
        if (isConditionFailure(error)) return "stale";
        throw error;
      }
    },
    async dueDeliveries(now, limit) {
      const keys = await queryItems(dynamo, {
        IndexName: indexes.due.name,
        KeyConditionExpression: "duePk = :kind AND dueSk <= :until",
        ExpressionAttributeValues: toItem({ ":kind": dueKind, ":until": dueUntil(now) }),
        Limit: limit,
      });
      return keys.map(({ dueSk }) => String(dueSk).split("#")[1] ?? "").filter(isDeliveryId);
    },
  };
}

/** In the due index while it is pending, so that the reaper finds what no message will wake any more. */
const toDelivery = (delivery: Delivery) =>
  toItem({
    ...deliveryKey(delivery.deliveryId),
    ...delivery,
    ...(delivery.state === "pending" ? pendingKeys(dueKind, delivery.nextAt, delivery.deliveryId) : {}),
  });

function stripKeys<T>(item: Item): T {
  return Object.fromEntries(Object.entries(item).filter(([name]) => !keyNames.has(name))) as T;
}
