import { BatchWriteItemCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { expect, it } from "vitest";
import { dispatchTask } from "../../functions/flows/dispatch-task.ts";
import { reap } from "../../functions/flows/reap.ts";
import { useRemote } from "../support/remote.ts";
import { submit, untilSettled, useStack } from "../support/stack.ts";

const stack = useStack();
const remote = useRemote();
const operations = ["Query", "GetItem", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"];

/** How many requests the table gets while something is done. */
async function countRequests(act: () => Promise<unknown>): Promise<number> {
  let requests = 0;
  const rules = operations.map((operation) =>
    stack.faults.DYNAMODB.on({
      operation,
      match() {
        requests += 1;
        return false;
      },
      do: { kind: "drop_request" },
    }),
  );
  await act();
  for (const rule of rules) rule.remove();
  return requests;
}

async function addIdle(count: number): Promise<void> {
  const client = new DynamoDBClient();
  for (let from = 0; from < count; from += 25) {
    const requests = Array.from({ length: 25 }, (_, n) => ({
      PutRequest: { Item: { pk: { S: "workspaces" }, sk: { S: `idle-${from + n}` } } },
    }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { drover: requests } }));
  }
  client.destroy();
}

it("thousands of idle workspaces add no request to a round of the reaper, nor to a dispatch", async () => {
  // Nothing else may ask the table meanwhile: the rounds are made here.
  await stack.local.reaper.stop();
  await untilSettled(stack, await submit(stack, { repository: remote.url, command: ["true"] }));
  const round = () => reap(stack.cloud);
  await round();
  // At one moment, so that both rounds owe the same.
  const at = Date.now();
  stack.cloud.clock.now = () => at;
  const before = await countRequests(round);
  await addIdle(2_000);
  expect(await stack.cloud.table.listWorkspaces()).toHaveLength(2_001);
  expect(await countRequests(round)).toBe(before);
  const idle = await countRequests(() => dispatchTask(stack.cloud, undefined));
  // The slots that are held, the backends, and the one page of all that is ready.
  expect(idle).toBeLessThanOrEqual(4);
});
