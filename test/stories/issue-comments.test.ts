import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { markOf } from "../../functions/core/describe-comment.ts";
import type { TaskId } from "../../functions/core/ids.ts";
import { handler as notify } from "../../functions/notify.ts";
import { type TestForge, useForge } from "../support/forge.ts";
import { checkInvariants } from "../support/invariants.ts";
import { drover, useRemote } from "../support/remote.ts";
import { call, kill, submit, tasksPath, until, untilSettled, untilStatus, useStack } from "../support/stack.ts";

const token = "tok_canary_comment_03ab7e";
const stack = useStack({ DROVER_WEBHOOKS_BACKOFF_MS: "200,200", DROVER_PUBLIC_ORIGIN: "https://drover.example" });
const remote = useRemote(undefined, token);
const forges = { github: useForge("github", token), gitea: useForge("gitea", token) };
const credentials = "/api/orchestrator/workspaces/default/credentials";
const issue = { number: 12 };

const setCredential = ({ kind, apiUrl }: TestForge) =>
  call(stack, "PUT", `${credentials}/${kind}`, { token, forge: { kind, apiUrl } });
const ask = (forge: TestForge, command: string[], over: object = {}): Promise<TaskId> =>
  submit(stack, {
    ...{ repository: remote.url.replace("/bare.git", "/acme/shop.git"), credential: forge.kind, command, issue },
    ...over,
  });
const change = ["sh", "-c", "date +%N > x"];
const untilComments = (forge: TestForge, count: number) =>
  until(`${forge.kind} has ${count} comments`, async () => forge.comments.length >= count && forge.comments);
const deliveriesOf = async (taskId: TaskId) =>
  (await call(stack, "GET", `${tasksPath}/${taskId}/deliveries`)).body.deliveries;
const untilDelivery = (taskId: TaskId, state: string) =>
  until(`the comment of ${taskId} is ${state}`, async () =>
    (await deliveriesOf(taskId)).find((one: { state: string }) => one.state === state),
  );
const message = (body: object) =>
  notify({ Records: [{ messageId: "m", body: JSON.stringify(body) }] } as unknown as Parameters<typeof notify>[0]);

beforeAll(async () => {
  for (const forge of Object.values(forges)) {
    forge.hasBranch = (name) => remote.git("for-each-ref", `refs/heads/${name}`) !== "";
    expect((await setCredential(forge)).status).toBe(204);
  }
});
beforeEach(() => {
  for (const forge of Object.values(forges)) forge.reset();
});

describe.each(["github", "gitea"] as const)("on %s", (kind) => {
  const forge = forges[kind];

  it("the issue of a task is told how it has ended, with the pull request, once that is open", async () => {
    const taskId = await ask(forge, change, { pullRequest: {} });
    const [comment] = await untilComments(forge, 1);
    expect(forge.pulls).toHaveLength(1);
    for (const words of [markOf(taskId), "drover: done", "https://forge.test/acme/shop/pulls/1", drover(taskId)])
      expect(comment?.body).toContain(words);
    expect(comment?.body).toContain(`https://drover.example/tasks/${taskId}`);
    await untilSettled(stack, taskId);
    const delivery = await untilDelivery(taskId, "delivered");
    expect(delivery).toMatchObject({ attempts: 1, payload: comment?.body, tries: [{ status: 201 }] });
    expect(forge.comments).toHaveLength(1);
    await checkInvariants(stack, [taskId]);
    expect(JSON.stringify(delivery)).not.toContain(token);
  });

  it("a comment whose answer was lost is not written a second time", async () => {
    forge.loseNextAnswer();
    const taskId = await ask(forge, ["false"]);
    const delivery = await untilDelivery(taskId, "delivered");
    expect(delivery.tries).toMatchObject([{ why: expect.stringMatching(/reached/) }, { status: 200 }]);
    expect(forge.comments).toHaveLength(1);
    expect(forge.comments[0]?.body).toContain("failed (agent error)");
  });
});

it("a comment is found again behind a hundred others", async () => {
  const forge = forges.github;
  forge.loseNextAnswer();
  forge.comments = Array.from({ length: 130 }, (_, n) => ({ issue: 12, body: `me too ${n}`, at: Date.now() }));
  const taskId = await ask(forge, ["false"]);
  await untilDelivery(taskId, "delivered");
  expect(forge.comments).toHaveLength(131);
});

it("a forge that is down is asked again, and one that refuses is not; somebody who has mended it sends it again", async () => {
  const forge = forges.gitea;
  forge.answer("GET", { status: 502 }, { status: 403, body: { message: "no scope" } });
  const taskId = await ask(forge, ["false"]);
  const failed = await untilDelivery(taskId, "failed");
  expect(failed.tries).toMatchObject([
    { why: expect.stringContaining("502") },
    { why: expect.stringMatching(/right to write issues.*no scope/) },
  ]);
  expect(forge.comments).toEqual([]);
  const path = `${tasksPath}/${taskId}/deliveries/${failed.deliveryId}/redeliver`;
  expect(await call(stack, "POST", path)).toMatchObject({ status: 202, body: { state: "pending" } });
  await untilDelivery(taskId, "delivered");
  expect((await call(stack, "POST", path)).status).toBe(202);
  await untilDelivery(taskId, "delivered");
  expect(forge.comments).toHaveLength(1);
});

it("an issue that does not exist fails with what to check", async () => {
  const taskId = await ask(forges.github, ["false"], { issue: { number: 13 } });
  expect((await untilDelivery(taskId, "failed")).tries).toMatchObject([
    { why: expect.stringMatching(/no such issue/) },
  ]);
});

it("messages that come twice, and senders at the same moment, write one comment", async () => {
  const forge = forges.github;
  const down = stack.faults.SQS.on({ operation: "SendMessageBatch", do: { kind: "drop_request" } });
  const taskId = await ask(forge, ["sleep", "1000"]);
  await untilStatus(stack, taskId, "running");
  await kill(stack, taskId, "a private reason");
  await Promise.all([message({ taskId }), message({ taskId })]);
  const [{ deliveryId }] = await deliveriesOf(taskId);
  await Promise.all(Array.from({ length: 6 }, () => message({ deliveryId })));
  down.remove();
  await message({ taskId });
  expect(await deliveriesOf(taskId)).toMatchObject([{ state: "delivered", attempts: 1 }]);
  expect(forge.comments).toHaveLength(1);
  expect(forge.comments[0]?.body).toContain("stopped by a person");
  expect(forge.comments[0]?.body).not.toContain("private reason");
  await untilSettled(stack, taskId);
});

it("a comment whose message was lost, and whose sender died after it, is written once all the same", async () => {
  const forge = forges.gitea;
  const lost = stack.faults.SQS.on({
    operation: "SendMessageBatch",
    match: (body) => JSON.stringify(body).includes("_comment"),
    do: { kind: "drop_request" },
  });
  const taskId = await ask(forge, ["false"]);
  await until("the message is lost", async () => lost.hits() > 0);
  // Its sender dies when it has commented, before it could write that down.
  const dies = stack.faults.DYNAMODB.on({
    operation: "PutItem",
    match: (body) => JSON.stringify(body).includes('"delivered"') && JSON.stringify(body).includes("_comment"),
    do: { kind: "error", type: "InternalServerError", message: "it dies here", status: 500 },
  });
  const [{ deliveryId }] = await until("it is owed", async () => {
    const found = await deliveriesOf(taskId);
    return found.length > 0 && found;
  });
  expect((await message({ deliveryId })).batchItemFailures).toHaveLength(1);
  expect(forge.comments).toHaveLength(1);
  dies.remove();
  lost.remove();
  const found = await stack.cloud.notices.getDelivery(deliveryId);
  if (!found) throw new Error("the delivery is gone");
  // Its time is over.
  await stack.cloud.notices.replaceDelivery(found, { ...found, nextAt: stack.cloud.clock.now() - 60_000 });
  await until("the reaper had it tried again", async () => {
    await stack.local.reaper.runNow();
    return (await deliveriesOf(taskId))[0].state === "delivered";
  });
  expect(forge.comments).toHaveLength(1);
});

it("a task for a repository without a forge may not name an issue, and one of another workspace is not shown", async () => {
  const body = { repository: remote.workDir, prompt: "p", agent: { kind: "command", command: ["true"] }, issue };
  expect(await call(stack, "POST", tasksPath, body)).toMatchObject({
    status: 422,
    body: { code: "pull_request_impossible", detail: expect.stringContaining('"issue"') },
  });
  const none = `${tasksPath}/tsk_01K0000000000000000000000A/deliveries`;
  expect((await call(stack, "GET", none)).status).toBe(404);
  const plain = await submit(stack, { repository: remote.workDir, command: ["true"] });
  await untilSettled(stack, plain);
  expect(await deliveriesOf(plain)).toEqual([]);
  const path = `${tasksPath}/${plain}/deliveries/dlv_1_2_comment/redeliver`;
  expect(await call(stack, "POST", path)).toMatchObject({ status: 404, body: { code: "delivery_not_found" } });
});
