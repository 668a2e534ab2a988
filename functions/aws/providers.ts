// Until when is a model's provider out of quota?
import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { type Dynamo, getItem, isConditionFailure, toItem } from "./dynamo.ts";
import { providerKey } from "./keys.ts";

const untilIsLater = "attribute_not_exists(pk) OR pausedUntil < :until";

export async function pauseProvider(dynamo: Dynamo, workspace: string, credential: string, until: number) {
  try {
    await dynamo.client.send(
      new UpdateItemCommand({
        TableName: dynamo.tableName,
        Key: toItem(providerKey(workspace, credential)),
        UpdateExpression: "SET pausedUntil = :until",
        ConditionExpression: untilIsLater,
        ExpressionAttributeValues: toItem({ ":until": until }),
      }),
    );
  } catch (error) {
    // It waits longer than that already.
    if (!isConditionFailure(error)) throw error;
  }
}

export async function providerPausedUntil(dynamo: Dynamo, workspace: string, credential: string): Promise<number> {
  return Number((await getItem(dynamo, providerKey(workspace, credential)))?.pausedUntil ?? 0);
}
