// What any API of this kind has to load: Hono with a few routes, and the two clients it cannot do without.
import { DynamoDBClient, GetItemCommand, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { Hono } from "hono";
import { handle } from "hono/aws-lambda";

const { DROVER_TABLE: TableName, DROVER_WAKE_QUEUE_URL: QueueUrl } = process.env;
const [table, queue] = [new DynamoDBClient(), new SQSClient()];
/** A wake-up that finds nothing to do. */
const nobody = `tsk_${"0".repeat(26)}`;
const path = "/api/orchestrator/tasks";
const app = new Hono();
app.get(`${path}/:taskId`, async (context) => {
  const Key = { pk: { S: context.req.param("taskId") }, sk: { S: "task" } };
  return context.json((await table.send(new GetItemCommand({ TableName, Key }))).Item);
});
app.post(path, async (context) => {
  const { prompt } = await context.req.json();
  const Item = { pk: { S: "least" }, sk: { S: "task" }, prompt: { S: prompt } };
  await table.send(new TransactWriteItemsCommand({ TransactItems: [{ Put: { TableName, Item } }] }));
  await queue.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify({ taskId: nobody }) }));
  return context.json({}, 201);
});
export const handler = handle(app);
