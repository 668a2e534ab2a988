import { DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { expect, it } from "vitest";
import type { Task } from "../../functions/core/task.ts";
import { handler as deadLetter } from "../../functions/dead-letter.ts";
import { handler as dispatcher } from "../../functions/dispatcher.ts";
import { changeTask } from "../../functions/flows/change-task.ts";
import { launchDeadlineMs, launchTakesMs } from "../../functions/flows/launch-attempt.ts";
import { checkInvariants } from "../support/invariants.ts";
import { drover, useRemote } from "../support/remote.ts";
import { call, submit, tasksPath, until, untilSettled, untilStatus, untilTask, useStack } from "../support/stack.ts";

const stack = useStack();
const remote = useRemote();
const write = (name: string) => ["sh", "-c", `echo ${name} > ${name}`];

const wakeUp = (taskId: string) =>
  dispatcher({
    Records: [{ messageId: "1", body: JSON.stringify({ taskId }) }],
  } as unknown as Parameters<typeof dispatcher>[0]);

const contains = (text: string) => (body: unknown) => JSON.stringify(body).includes(text);

it("a wake-up that is delivered many times starts one sandbox", async () => {
  const taskId = await submit(stack, { repository: remote.url, command: write("once") });
  await Promise.all(Array.from({ length: 8 }, () => wakeUp(taskId)));
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed", attempt: 1 });
  await Promise.all(Array.from({ length: 3 }, () => wakeUp(taskId)));
  expect(await stack.cloud.table.listAttempts(taskId)).toHaveLength(1);
  await checkInvariants(stack, [taskId]);
});

it("a wake-up that was never sent is sent by the reaper", async () => {
  const lost = stack.faults.SQS.on({ operation: "SendMessage", do: { kind: "drop_request" } });
  const taskId = await submit(stack, { repository: remote.url, command: write("late") });
  expect(lost.hits()).toBeGreaterThan(0);
  expect((await stack.cloud.table.getTask(taskId))?.status).toBe("queued");
  lost.remove();
  await stack.local.reaper.runNow();
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed", attempt: 1 });
  await checkInvariants(stack, [taskId]);
});

it("a message that is no wake-up is refused, and keeps no other from its work", async () => {
  const event = {
    Records: [
      { messageId: "bad", body: "{}" },
      { messageId: "worse", body: "no json" },
    ],
  };
  const answer = await dispatcher(event as unknown as Parameters<typeof dispatcher>[0]);
  expect(answer.batchItemFailures).toEqual([{ itemIdentifier: "bad" }, { itemIdentifier: "worse" }]);
});

it("a claim whose answer got lost is recognised as our own", async () => {
  const lost = stack.faults.DYNAMODB.on({
    operation: "TransactWriteItems",
    match: contains('"claimed"'),
    do: { kind: "drop_answer" },
    times: 1,
  });
  const taskId = await submit(stack, { repository: remote.url, command: write("claimed") });
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed", attempt: 1 });
  expect(lost.hits()).toBe(1);
  await checkInvariants(stack, [taskId]);
});

it("a claim whose answers all got lost is found, and the task goes back without using an attempt", async () => {
  const lost = stack.faults.DYNAMODB.on({
    operation: "TransactWriteItems",
    match: contains('"claimed"'),
    do: { kind: "drop_answer" },
    times: 3,
  });
  const taskId = await submit(stack, { repository: remote.url, command: write("given-up") });
  await untilStatus(stack, taskId, "launching");
  const [attempt] = await stack.cloud.table.listAttempts(taskId);
  expect(attempt).toMatchObject({ state: "spawning" });
  lost.remove();
  const { clock } = stack.cloud;
  const realNow = clock.now;
  let aheadMs = launchDeadlineMs + 1;
  clock.now = () => realNow() + aheadMs;
  const isSo = async (is: (task: Task) => boolean) => {
    await stack.local.reaper.runNow();
    const task = await stack.cloud.table.getTask(taskId);
    return task && is(task);
  };
  try {
    await until("the next attempt has done it", () => isSo(({ status }) => status === "completed"));
    // The reaper, if it was first, does not know that nothing was launched: two looks, some minutes apart, tell it.
    await until("the first one is known never to have started", () => {
      aheadMs += 60_000;
      return isSo(({ stopConfirmation }) => stopConfirmation !== undefined);
    });
  } finally {
    clock.now = realNow;
  }
  expect(await untilSettled(stack, taskId)).toMatchObject({ attempt: 2, attemptsUsed: 1 });
  await checkInvariants(stack, [taskId]);
});

it("a launch whose answer got lost starts no second sandbox", async () => {
  const lost = stack.faults.ECS.on({ operation: "RunTask", do: { kind: "drop_answer" }, times: 1 });
  const taskId = await submit(stack, { repository: remote.url, command: write("launched") });
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed", attempt: 1 });
  expect(lost.hits()).toBe(1);
  await checkInvariants(stack, [taskId]);
});

it("a dispatcher that dies between the claim and the launch: the wake-up that comes again launches that very attempt", async () => {
  const dead = stack.faults.ECS.on({
    operation: "RunTask",
    do: { kind: "error", type: "ServerException", message: "x", status: 500 },
  });
  const taskId = await submit(stack, { repository: remote.url, command: write("resumed"), maxAttempts: 1 });
  await untilStatus(stack, taskId, "launching");
  await until("the launch has failed", async () => dead.hits() >= 3);
  dead.remove();
  const { clock } = stack.cloud;
  const { now } = clock;
  clock.now = () => now() + launchTakesMs;
  await wakeUp(taskId);
  clock.now = now;
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed", attempt: 1, attemptsUsed: 1 });
  await checkInvariants(stack, [taskId]);
});

it("a sandbox that was started but never recorded is found by its agent, and its task goes on", async () => {
  const lost = stack.faults.ECS.on({ operation: "RunTask", do: { kind: "drop_answer" }, times: 3 });
  const taskId = await submit(stack, { repository: remote.url, command: write("adopted") });
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed", attempt: 1 });
  lost.remove();
  await checkInvariants(stack, [taskId]);
});

it("a beat that comes after the reaper's look keeps the agent alive", async () => {
  const taskId = await submit(stack, { repository: remote.url, command: ["sleep", "2"] });
  await untilStatus(stack, taskId, "running");
  const { table } = stack.cloud;
  const leaseRead = (await table.listAttempts(taskId))[0]?.leaseExpiresAt ?? 0;
  await until(
    "a beat moves the lease",
    async () => ((await table.listAttempts(taskId))[0]?.leaseExpiresAt ?? 0) > leaseRead,
  );
  const failure = { class: "infrastructure", message: "silent" } as const;
  const expiry = changeTask(
    stack.cloud,
    taskId,
    "system:test",
    () => ({ event: { type: "attempt_failed", failure } }),
    { ifLeaseAt: leaseRead },
  );
  await expect(expiry).rejects.toMatchObject({ code: "concurrent_update" });
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed", attempt: 1 });
  await checkInvariants(stack, [taskId]);
});

it("a launch without room puts the task back and uses no attempt", async () => {
  const full = stack.faults.ECS.on({
    operation: "RunTask",
    do: { kind: "error", type: "ThrottlingException", message: "Rate exceeded" },
  });
  const taskId = await submit(stack, { repository: remote.url, command: write("room"), maxAttempts: 1 });
  const isBack = ({ status, putBacks }: Task) => status === "queued" && putBacks !== undefined;
  expect(await untilTask(stack, taskId, "is put back", isBack)).toMatchObject({
    attemptsUsed: 0,
    due: { kind: "ready" },
  });
  full.remove();
  const task = await untilSettled(stack, taskId);
  expect(task).toMatchObject({ status: "completed", attemptsUsed: 1 });
  // It may have been put back more than once before the fault was gone.
  expect(task.attempt).toBeGreaterThan(1);
  await checkInvariants(stack, [taskId]);
});

it("a wake-up that is dead is looked into: what is no wake-up and what can run after all is recorded, what cannot is given up", async () => {
  const bury = (body: string) =>
    deadLetter({ Records: [{ messageId: "1", body }] } as unknown as Parameters<typeof deadLetter>[0]);
  await call(stack, "POST", "/api/orchestrator/global/pause", { reason: "nothing may be claimed" });
  const fine = await submit(stack, { repository: remote.url, command: ["true"] });
  const broken = await submit(stack, { repository: remote.url, command: ["true"] });
  // A task that an older or a buggy drover has written.
  const spoil = {
    UpdateExpression: "REMOVE admitted",
    Key: { pk: { S: broken }, sk: { S: "task" } },
    TableName: "drover",
  };
  await new DynamoDBClient().send(new UpdateItemCommand(spoil));
  for (const body of ["no json", "{}", JSON.stringify({ taskId: fine }), JSON.stringify({ taskId: broken })]) {
    expect((await bury(body)).batchItemFailures).toEqual([]);
  }
  expect(await stack.cloud.table.getTask(fine)).toMatchObject({ status: "queued", version: 1 });
  expect(await stack.cloud.table.getTask(broken)).toMatchObject({
    status: "failed",
    escalated: true,
    failure: { class: "poison" },
  });
  const acts = await stack.cloud.table.listActs("global", 0, 1000);
  expect(acts.slice(-3).map(({ type }) => type)).toEqual(["wake_up_refused", "wake_up_refused", "wake_up_buried"]);

  const down = stack.faults.DYNAMODB.on({ operation: "GetItem", do: { kind: "drop_request" } });
  expect((await bury(JSON.stringify({ taskId: fine }))).batchItemFailures).toEqual([{ itemIdentifier: "1" }]);
  down.remove();
  await call(stack, "POST", "/api/orchestrator/global/resume", { reason: "go on" });
  expect(await untilSettled(stack, fine)).toMatchObject({ status: "completed" });
});

it("the same Idempotency-Key makes one task, also when two requests come at once", async () => {
  const body = { repository: remote.url, prompt: "Once", agent: { kind: "command", command: ["true"] } };
  const send = (over: object = {}) => call(stack, "POST", tasksPath, { ...body, ...over }, { "idempotency-key": "k1" });
  const answers = await Promise.all([send(), send(), send()]);
  expect(new Set(answers.map((answer) => answer.body.taskId)).size).toBe(1);
  expect(answers.map((answer) => answer.status).sort()).toEqual([200, 200, 201]);
  expect(await send({ prompt: "Another" })).toMatchObject({ status: 422, body: { code: "idempotency_key_reused" } });
  await untilSettled(stack, answers[0]?.body.taskId);
});

it("ten tasks at once are isolated from each other", async () => {
  const command = (n: number) => [
    "sh",
    "-c",
    `echo ${n} > mine.txt; echo secret-${n} > /tmp/shared; i=0; while [ $i -lt 10 ]; do i=$((i+1)); sleep 0.05; done;
     cat /tmp/shared; ls /workspace; [ "$(cat /tmp/shared)" = secret-${n} ] && [ "$(ps ax | grep -c 'secret-')" -le 3 ]`,
  ];
  const ids = await Promise.all(
    Array.from({ length: 10 }, (_, n) => submit(stack, { repository: remote.url, command: command(n) })),
  );
  for (const [n, taskId] of ids.entries()) {
    expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed" });
    expect(remote.git("diff", "--name-only", `main..${drover(taskId)}`)).toBe("mine.txt\n");
    expect(remote.git("show", `${drover(taskId)}:mine.txt`)).toBe(`${n}\n`);
    const { body } = await call(stack, "GET", `${tasksPath}/${taskId}/log`);
    expect(body.match(/^secret-\d$/gm)).toEqual([`secret-${n}`]);
  }
  await checkInvariants(stack, ids);
});
