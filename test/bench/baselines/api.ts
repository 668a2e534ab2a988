// What any API of this kind has to load: Hono with a few routes, and the two clients it cannot do without.
import { DynamoDBClient, GetItemCommand, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { Hono } from "hono";
import { handle } from "hono/aws-lambda";

const open = () => ({ table: new DynamoDBClient(), queue: new SQSClient() });
const app = new Hono();
app.get("/tasks/:id", async (context) => {
  const Key = { pk: { S: context.req.param("id") } };
  return context.json(await open().table.send(new GetItemCommand({ TableName: "t", Key })));
});
app.post("/tasks", async (context) => {
  await open().table.send(new TransactWriteItemsCommand({ TransactItems: [] }));
  return context.json(await open().queue.send(new SendMessageCommand({ QueueUrl: "q", MessageBody: "m" })));
});
export const handler = handle(app);
