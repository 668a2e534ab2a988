import { DynamoDBClient, UpdateItemCommand, type UpdateItemCommandInput } from "@aws-sdk/client-dynamodb";
import { expect, it, vi } from "vitest";
import type { TaskId } from "../../functions/core/ids.ts";
import { handler as deadLetter } from "../../functions/dead-letter.ts";
import { handler as dispatcher } from "../../functions/dispatcher.ts";
import { readFeed } from "../../scripts/demo/follow.ts";
import { checkInvariants } from "../support/invariants.ts";
import { useRemote } from "../support/remote.ts";
import { call, submit, tasksPath, untilSettled, useStack } from "../support/stack.ts";

const stack = useStack();
const remote = useRemote();
const base = "/api/orchestrator";
const errors = vi.spyOn(console, "error");

/** As an older or a buggy drover may have left it. */
const flaws: [
  string,
  Pick<UpdateItemCommandInput, "UpdateExpression" | "ExpressionAttributeNames" | "ExpressionAttributeValues">,
][] = [
  ["what it was admitted under is gone", { UpdateExpression: "REMOVE admitted" }],
  [
    "its time is a word",
    { UpdateExpression: "SET createdAt = :x", ExpressionAttributeValues: { ":x": { S: "yesterday" } } },
  ],
  ["its priority is gone", { UpdateExpression: "REMOVE priority" }],
  ["its labels are a number", { UpdateExpression: "SET labels = :x", ExpressionAttributeValues: { ":x": { N: "5" } } }],
  ["its title and its repository are gone", { UpdateExpression: "REMOVE title, repositoryKey" }],
];

async function spoil(taskId: TaskId, flaw: (typeof flaws)[number][1]): Promise<void> {
  const client = new DynamoDBClient();
  const Key = { pk: { S: taskId }, sk: { S: "task" } };
  await client.send(new UpdateItemCommand({ TableName: "drover", Key, ...flaw }));
  client.destroy();
}

const records = (taskId: TaskId) => ({ Records: [{ messageId: "1", body: JSON.stringify({ taskId }) }] });
const wakeUp = (taskId: TaskId) => dispatcher(records(taskId) as unknown as Parameters<typeof dispatcher>[0]);
const bury = (taskId: TaskId) => deadLetter(records(taskId) as unknown as Parameters<typeof deadLetter>[0]);

it("tasks that cannot be read keep no other from running, from being listed or from expiring, and are given up in the end", async () => {
  await call(stack, "POST", `${base}/global/pause`, { reason: "nothing may be claimed yet" });
  // They stand before the others in every order.
  const spoilt: TaskId[] = [];
  for (const [, flaw] of flaws) {
    const taskId = await submit(stack, { repository: remote.url, command: ["true"], priority: 10 });
    await spoil(taskId, flaw);
    spoilt.push(taskId);
  }
  const fine = [
    await submit(stack, { repository: remote.url, command: ["true"], labels: ["fine"] }),
    await submit(stack, { repository: remote.url, command: ["true"], priority: 1, labels: ["fine"] }),
  ];

  const { status, body } = await call(stack, "GET", tasksPath);
  expect(status).toBe(200);
  expect(body.tasks.map(({ taskId }: { taskId: string }) => taskId).toSorted()).toEqual(fine.toSorted());
  expect(body.unreadable.toSorted()).toEqual(spoilt.toSorted());
  expect((await call(stack, "GET", `${tasksPath}?label=fine`)).body.tasks).toHaveLength(2);
  expect((await call(stack, "GET", `${base}/agents`)).body.agents).toHaveLength(2);
  for await (const { event, data } of readFeed(
    `${stack.local.url}${base}/agents/events`,
    stack.local.apiKey,
    AbortSignal.timeout(10_000),
  )) {
    expect({ event, unreadable: (data.unreadable as string[]).length }).toEqual({ event: "snapshot", unreadable: 5 });
    break;
  }

  await call(stack, "POST", `${base}/global/resume`, { reason: "go on" });
  for (const taskId of fine) expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed" });
  const told = errors.mock.calls.map(([text]) => String(text)).filter((text) => text.includes("cannot be read"));
  for (const taskId of spoilt) expect(told.filter((text) => text.includes(taskId))).toHaveLength(1);

  // Their own wake-ups are not lost: they fail, and what fails at every delivery is looked into.
  for (const taskId of spoilt) {
    expect((await wakeUp(taskId)).batchItemFailures).toHaveLength(1);
    expect((await bury(taskId)).batchItemFailures).toEqual([]);
    expect(await stack.cloud.table.getTask(taskId)).toMatchObject({
      status: "failed",
      escalated: true,
      failure: { class: "poison", message: expect.stringContaining("Its own data is the cause") },
    });
  }
  await checkInvariants(stack, fine);
});

it("a stop of the workspace kills what cannot be read as well", async () => {
  await call(stack, "POST", `${base}/global/pause`, { reason: "nothing may be claimed yet" });
  const ids = [
    await submit(stack, { repository: remote.url, command: ["true"] }),
    await submit(stack, { repository: remote.url, command: ["true"] }),
  ];
  await spoil(ids[0] as TaskId, { UpdateExpression: "REMOVE admitted" });
  const stop = await call(stack, "POST", `${base}/workspaces/default/kill-all`, { reason: "enough" });
  expect(stop).toMatchObject({ status: 200, body: { killed: 2, failed: 0 } });
  for (const taskId of ids) expect(await stack.cloud.table.getTask(taskId)).toMatchObject({ status: "killed" });
  await call(stack, "POST", `${base}/workspaces/default/release`, { reason: "go on" });
  await call(stack, "POST", `${base}/global/resume`, { reason: "go on" });
});
