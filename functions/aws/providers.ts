// Until when is a model's provider out of quota?
import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import type { TaskId } from "../core/ids.ts";
import type { ProviderPause } from "../core/provider-pause.ts";
import { type Dynamo, getItem, isConditionFailure, toItem } from "./dynamo.ts";
import { providerKey } from "./keys.ts";

const untilIsLater = "attribute_not_exists(pk) OR pausedUntil < :until";

export async function pauseProvider(dynamo: Dynamo, workspace: string, credential: string, pause: ProviderPause) {
  const { until, lengthMs, saidBy } = pause;
  try {
    await dynamo.client.send(
      new UpdateItemCommand({
        TableName: dynamo.tableName,
        Key: toItem(providerKey(workspace, credential)),
        UpdateExpression: "SET pausedUntil = :until, pauseMs = :lengthMs, saidBy = :saidBy",
        ConditionExpression: untilIsLater,
        ExpressionAttributeValues: toItem({ ":until": until, ":lengthMs": lengthMs, ":saidBy": saidBy }),
      }),
    );
  } catch (error) {
    // It waits longer than that already.
    if (!isConditionFailure(error)) throw error;
  }
}

export async function getProviderPause(
  dynamo: Dynamo,
  workspace: string,
  credential: string,
): Promise<ProviderPause | undefined> {
  const item = await getItem(dynamo, providerKey(workspace, credential));
  return item && { until: Number(item.pausedUntil), lengthMs: Number(item.pauseMs), saidBy: item.saidBy as TaskId };
}
