import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { expect, it } from "vitest";
import { openOutcomeBus } from "../../functions/aws/outcome-bus.ts";
import type { TaskId } from "../../functions/core/ids.ts";
import { changeTask } from "../../functions/flows/change-task.ts";
import { spreadNotice } from "../../functions/flows/spread-notice.ts";
import { type BusEvent, startEvents } from "../../infra/local/events.ts";
import { checkInvariants } from "../support/invariants.ts";
import { useRemote } from "../support/remote.ts";
import { call, submit, tasksPath, until, untilSettled, useStack } from "../support/stack.ts";

const stack = useStack({ DROVER_OUTCOME_BUS: "outcomes" });
const remote = useRemote();

function readBus(): (BusEvent & { detail: { id: string; taskId: string } })[] {
  const file = join(stack.dataDir, "outcomes.ndjson");
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}
const ofTask = (taskId: TaskId) => readBus().filter(({ detail }) => detail.taskId === taskId);
const untilTold = (taskId: TaskId, count = 1) =>
  until(`the bus was told of ${taskId}`, async () => ofTask(taskId).length >= count);
const isOwed = async (taskId: TaskId) => (await stack.cloud.notices.owedOf(taskId)).length > 0;
const untilNothingIsOwed = (taskIds: TaskId[]) =>
  until("nothing is owed", async () => {
    await stack.local.reaper.runNow();
    return (await Promise.all(taskIds.map(isOwed))).every((owed) => !owed);
  });

/** The quickest end: cancelled while nothing is dispatched. */
async function endOne(): Promise<TaskId> {
  const taskId = await submit(stack, { repository: remote.url, command: ["true"], delayMs: 3_600_000 });
  const { status } = await call(stack, "POST", `${tasksPath}/${taskId}/cancel`, { reason: "the test says so" });
  expect(status).toBe(200);
  return taskId;
}

it("every end is told to the bus, each with an id of its own, and without what only the workspace should read", async () => {
  const ids = [
    await submit(stack, {
      repository: remote.url,
      command: ["sh", "-c", "echo x > x"],
      title: "X",
      prompt: "A secret plan",
    }),
    await submit(stack, { repository: remote.url, command: ["false"] }),
    await endOne(),
  ];
  for (const taskId of ids) await untilSettled(stack, taskId);
  for (const taskId of ids) await untilTold(taskId);
  const told = ids.map((taskId) => ofTask(taskId));
  expect(told.map(([one]) => one?.["detail-type"])).toEqual(["task.completed", "task.failed", "task.killed"]);
  expect(told.flat()).toHaveLength(3);
  expect(new Set(told.flat().map(({ detail }) => detail.id)).size).toBe(3);
  expect(told[0]?.[0]).toMatchObject({
    source: "drover",
    detail: {
      id: expect.stringMatching(/^evt_[0-9A-Z]{26}_completed$/),
      workspace: "default",
      status: "completed",
      publishOutcome: "pushed",
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    },
  });
  const text = JSON.stringify(told);
  for (const hidden of ["A secret plan", "echo x", "lastEventHash", stack.local.apiKey])
    expect(text).not.toContain(hidden);
  await checkInvariants(stack, ids);
});

it("a bus that is down for a while loses nothing, and is told of each end once it is back", async () => {
  const down = stack.faults.EVENTBRIDGE.on({ operation: "PutEvents", do: { kind: "drop_request" } });
  const ids = [await endOne(), await endOne(), await endOne()];
  await until("somebody has tried to tell it", async () => down.hits() >= ids.length);
  expect(await Promise.all(ids.map(isOwed))).toEqual([true, true, true]);
  expect(ids.flatMap((taskId) => ofTask(taskId))).toEqual([]);
  down.remove();
  await untilNothingIsOwed(ids);
  expect(ids.map((taskId) => ofTask(taskId).length)).toEqual([1, 1, 1]);
});

it("an end whose answer got lost is told again under the same id", async () => {
  stack.faults.EVENTBRIDGE.on({ operation: "PutEvents", do: { kind: "drop_answer" }, times: 1 });
  const taskId = await endOne();
  await untilTold(taskId, 2);
  await untilNothingIsOwed([taskId]);
  expect(new Set(ofTask(taskId).map(({ detail }) => detail.id)).size).toBe(1);
});

it("of a request that the bus takes in part, only the rest is sent again; what it keeps refusing stays owed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "drover-bus-"));
  const requests: string[][] = [];
  let refusals = 2;
  const busy = await startEvents({
    file: join(folder, "outcomes.ndjson"),
    refuse({ DetailType }) {
      if (DetailType !== "task.escalated" || refusals === 0) return undefined;
      refusals -= 1;
      return { ErrorCode: "ThrottlingException", ErrorMessage: "not now" };
    },
  });
  const client = new EventBridgeClient({ endpoint: busy.url });
  const bus = openOutcomeBus("outcomes", client);
  const outcomeBus: typeof bus = {
    publish(notices) {
      requests.push(notices.map(({ type }) => type));
      return bus.publish(notices);
    },
  };
  const cloud = { ...stack.cloud, outcomeBus };
  const told: string[] = [];
  busy.subscribe((event) => told.push(event["detail-type"]));
  // Nobody else may take the outbox's entry: the stack's own bus does not answer.
  const down = stack.faults.EVENTBRIDGE.on({ operation: "PutEvents", do: { kind: "drop_request" } });
  try {
    const taskId = await submit(stack, { repository: remote.url, command: ["true"], delayMs: 3_600_000 });
    await changeTask(stack.cloud, taskId, "system:test", () => ({
      event: { type: "given_up", why: "the test says so" },
    }));
    await spreadNotice(cloud, taskId);
    expect(requests).toEqual([["task.failed", "task.escalated"], ["task.escalated"], ["task.escalated"]]);
    expect(told).toEqual(["task.failed", "task.escalated"]);
    expect(await isOwed(taskId)).toBe(false);

    const other = await submit(stack, { repository: remote.url, command: ["true"], delayMs: 3_600_000 });
    refusals = 3;
    await changeTask(stack.cloud, other, "system:test", () => ({
      event: { type: "given_up", why: "the test says so" },
    }));
    await expect(spreadNotice(cloud, other)).rejects.toThrow(
      /did not take evt_\w+_escalated: ThrottlingException: not now/,
    );
    expect(await isOwed(other)).toBe(true);
    await spreadNotice(cloud, other);
    expect(told.filter((type) => type === "task.escalated")).toHaveLength(2);
  } finally {
    down.remove();
    client.destroy();
    await busy.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
