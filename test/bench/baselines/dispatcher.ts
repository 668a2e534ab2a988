// What any dispatcher of this kind has to load: the clients of its table and of ECS.
import { DynamoDBClient, GetItemCommand, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import { ECSClient, RunTaskCommand } from "@aws-sdk/client-ecs";

export async function handler(): Promise<void> {
  const table = new DynamoDBClient();
  await table.send(new GetItemCommand({ TableName: "t", Key: {} }));
  await table.send(new TransactWriteItemsCommand({ TransactItems: [] }));
  await new ECSClient().send(new RunTaskCommand({ taskDefinition: "t" }));
}
