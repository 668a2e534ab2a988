// How many requests has somebody made in this minute? One conditional write counts and decides.
import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import type { Caller, RequestKind } from "../core/table.ts";
import { type Dynamo, isConditionFailure, toItem } from "./dynamo.ts";
import { requestsKey } from "./keys.ts";

const belowLimit = "attribute_not_exists(#count) OR #count < :limit";
const keptMinutes = 5;

export async function countRequest(
  dynamo: Dynamo,
  caller: Caller,
  kind: RequestKind,
  minute: number,
  limit: number,
): Promise<boolean> {
  try {
    await dynamo.client.send(
      new UpdateItemCommand({
        TableName: dynamo.tableName,
        Key: toItem(requestsKey(caller, kind, minute)),
        UpdateExpression: "ADD #count :one SET expiresAt = :expiresAt",
        ConditionExpression: belowLimit,
        ExpressionAttributeNames: { "#count": "count" },
        ExpressionAttributeValues: toItem({ ":one": 1, ":limit": limit, ":expiresAt": (minute + keptMinutes) * 60 }),
      }),
    );
    return true;
  } catch (error) {
    if (isConditionFailure(error)) return false;
    throw error;
  }
}
