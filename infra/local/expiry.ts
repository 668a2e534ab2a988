// What does DynamoDB's TTL do that the local one does not? It deletes what has expired: deliveries, counters of requests,
// idempotency records. Nobody relies on when: whoever reads such an item judges its time.
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  ScanCommand,
} from "@aws-sdk/client-dynamodb";

/** Read at once, so that a large table is not busy with this for long. */
const pageSize = 1_000;
const hasExpired = "expiresAt < :now";

/** Deletes every item whose `expiresAt` (epoch seconds) has passed; answers how many. */
export async function sweepExpired(client: DynamoDBClient, TableName: string, nowMs: number): Promise<number> {
  const values = { ":now": { N: String(Math.floor(nowMs / 1000)) } };
  let deleted = 0;
  let start: Record<string, AttributeValue> | undefined;
  do {
    const page = await client.send(
      new ScanCommand({
        TableName,
        FilterExpression: hasExpired,
        ExpressionAttributeValues: values,
        ProjectionExpression: "pk, sk",
        Limit: pageSize,
        ExclusiveStartKey: start,
      }),
    );
    for (const Key of page.Items ?? []) if (await deleteExpired(client, TableName, Key, values)) deleted += 1;
    start = page.LastEvaluatedKey;
  } while (start);
  return deleted;
}

async function deleteExpired(
  client: DynamoDBClient,
  TableName: string,
  Key: Record<string, AttributeValue>,
  ExpressionAttributeValues: Record<string, AttributeValue>,
): Promise<boolean> {
  const item = { TableName, Key, ConditionExpression: hasExpired, ExpressionAttributeValues };
  try {
    await client.send(new DeleteItemCommand(item));
    return true;
  } catch (error) {
    // It was written anew since it was read.
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
