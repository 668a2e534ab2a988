import { expect, it } from "vitest";
import { agentIdOf, type TaskId } from "../../functions/core/ids.ts";
import { changeTask } from "../../functions/flows/change-task.ts";
import { hold } from "../support/fault-proxy.ts";
import { checkInvariants } from "../support/invariants.ts";
import { drover, useRemote } from "../support/remote.ts";
import { call, kill, submit, tasksPath, until, untilSettled, untilStatus, useStack } from "../support/stack.ts";

const stack = useStack({ DROVER_REQUEST_TRY_MS: "3000" });
const remote = useRemote();
const base = "/api/orchestrator";
const endless = ["sleep", "1000"];

const writes = (text: string) => (body: unknown) => JSON.stringify(body).includes(text);
const conflict = (code: string, reasons = 8) => ({
  kind: "error" as const,
  type: "TransactionCanceledException",
  message: "Transaction cancelled",
  extra: { CancellationReasons: [{ Code: "None" }, { Code: code }, ...Array(reasons - 2).fill({ Code: "None" })] },
});
const on = (text: string, times: number, code = "TransactionConflict") =>
  stack.faults.DYNAMODB.on({ operation: "TransactWriteItems", match: writes(text), times, do: conflict(code) });

const callback = (taskId: TaskId, verb: string, body: object) => {
  const agentId = agentIdOf(taskId, 1);
  const token = stack.cloud.tokenOf(agentId);
  return call(stack, "POST", `${base}/attempts/${agentId}/${verb}`, body, { "x-drover-token": token });
};
const running = async () => {
  const taskId = await submit(stack, { repository: remote.url, command: endless });
  await untilStatus(stack, taskId, "running");
  return taskId;
};

it.each([
  ["TransactionConflict", 7],
  ["ThrottlingError", 5],
])("a kill that meets %s %d times takes effect all the same, and never answers 409", async (code, times) => {
  const taskId = await running();
  const rule = on('"type":{"S":"killed"}', times, code);
  expect(await kill(stack, taskId)).toMatchObject({ status: 200, body: { task: { status: "killed" } } });
  expect(rule.hits()).toBe(times);
  await untilSettled(stack, taskId);
  await checkInvariants(stack, [taskId]);
});

it("a kill goes on past the tries of any other change, and gives up its slots rather than its effect", async () => {
  const taskId = await running();
  const rule = on('"type":{"S":"killed"}', 11);
  expect((await kill(stack, taskId)).status).toBe(200);
  rule.remove();
  await untilSettled(stack, taskId);
  await stack.local.reaper.runNow();
  expect(await stack.cloud.table.heldSlots("global")).toEqual([]);
  await checkInvariants(stack, [taskId]);
});

const unheard = (text: string, times?: number) =>
  stack.faults.DYNAMODB.on({
    operation: "TransactWriteItems",
    match: writes(text),
    ...(times ? { times } : {}),
    do: { kind: "drop_answer" },
  });

it("a kill that was written, and whose repetitions were throttled, stops its sandbox at once", async () => {
  const taskId = await running();
  const text = '"type":{"S":"killed"}';
  unheard(text, 1);
  const type = "ProvisionedThroughputExceededException";
  const busy = stack.faults.DYNAMODB.on({
    ...{ operation: "TransactWriteItems", match: writes(text) },
    do: { kind: "error", type, message: "slow down" },
  });
  expect(await kill(stack, taskId)).toMatchObject({
    status: 200,
    body: { stop: "requested", task: { status: "killed" } },
  });
  expect(busy.hits()).toBeGreaterThan(0);
  busy.remove();
  await untilSettled(stack, taskId);
  await checkInvariants(stack, [taskId]);
});

it("a kill that no try of the SDK's was answered is found written, and stops its sandbox at once", async () => {
  const taskId = await running();
  const rule = unheard('"type":{"S":"killed"}');
  expect(await kill(stack, taskId)).toMatchObject({ status: 200, body: { stop: "requested" } });
  expect(rule.hits()).toBeGreaterThan(1);
  rule.remove();
  await untilSettled(stack, taskId);
  await checkInvariants(stack, [taskId]);
});

/** Takes requests and says nothing. */
function silent(text: string, operation: string, times?: number) {
  const held = hold();
  const rule = stack.faults.DYNAMODB.on({ operation, match: writes(text), ...(times && { times }), do: held });
  const speakAgain = () => {
    rule.remove();
    held.release();
  };
  return { hits: rule.hits, speakAgain };
}

it("what a silent table does not tell is an error within seconds, and told once it speaks again", async () => {
  const taskId = await running();
  const table = silent(taskId, "GetItem");
  const { status, body } = await call(stack, "GET", `${tasksPath}/${taskId}`);
  expect({ status, code: body.code }).toEqual({ status: 500, code: "internal_error" });
  expect(table.hits()).toBeGreaterThan(1);
  table.speakAgain();
  expect((await call(stack, "GET", `${tasksPath}/${taskId}`)).status).toBe(200);
  await kill(stack, taskId);
  await untilSettled(stack, taskId);
});

it("a write that the table took in silence is sent again, and done once", async () => {
  const taskId = await running();
  const table = silent('"type":{"S":"killed"}', "TransactWriteItems", 1);
  expect(await kill(stack, taskId)).toMatchObject({ status: 200, body: { stop: "requested" } });
  expect(table.hits()).toBe(1);
  table.speakAgain();
  await untilSettled(stack, taskId);
  await checkInvariants(stack, [taskId]);
});

it("a stop of the workspace meets contention and is not refused", async () => {
  const taskId = await running();
  on('"type":{"S":"switch_stop"}', 6);
  const stop = await call(stack, "POST", `${base}/workspaces/default/kill-all`, { reason: "enough" });
  expect(stop).toMatchObject({ status: 200, body: { killed: 1 } });
  await call(stack, "POST", `${base}/workspaces/default/release`, { reason: "go on" });
  await untilSettled(stack, taskId);
  await checkInvariants(stack, [taskId]);
});

it("a stop that could not kill many says of twenty why, of how many more it does not, and ends them all the same", async () => {
  const { apiKey } = (await call(stack, "POST", `${base}/workspaces/many/keys`, { name: "m", role: "member" })).body;
  await call(stack, "POST", `${base}/workspaces/many/pause`, { reason: "hold" });
  const request = { repository: remote.url, prompt: "x", agent: { kind: "command", command: ["true"] } };
  const made = Array.from({ length: 22 }, () => call(stack, "POST", tasksPath, request, { "x-api-key": apiKey }));
  const ids = (await Promise.all(made)).map(({ body }) => body.taskId as TaskId);
  // Not to be repeated, so that it fails at once.
  const down = { kind: "error", type: "AccessDeniedException", message: "not now", status: 400 } as const;
  const match = writes('"type":{"S":"killed"}');
  const refused = stack.faults.DYNAMODB.on({ operation: "TransactWriteItems", match, do: down });
  const { body } = await call(stack, "POST", `${base}/workspaces/many/kill-all`, { reason: "enough" });
  expect(body).toMatchObject({ total: 22, killed: 0, failed: 22, remaining: 0, finished: false, errorsLeftOut: 2 });
  expect(body.errors).toHaveLength(20);
  for (const { taskId, message } of body.errors) {
    expect(ids).toContain(taskId);
    expect(message).toContain("not now");
  }
  refused.remove();
  const path = `${base}/operations/${body.operationId}`;
  await until("the reaper has finished it", async () => {
    await stack.local.reaper.runNow();
    return (await call(stack, "GET", path)).body.finished;
  });
  expect((await call(stack, "GET", path)).body).toMatchObject({ total: 22, killed: 22, failed: 0, errors: [] });
  for (const id of ids) await untilSettled(stack, id);
  const tasks = await stack.cloud.table.getTasks(ids);
  expect(tasks.map(({ killed }) => killed?.cause)).toEqual(Array(22).fill("kill_all"));
  await checkInvariants(stack, ids);
});

it("contention of claims, callbacks and submissions only costs time", async () => {
  const rules = ["created", "claimed", "started", "work_done", "permit_granted", "completed"].map((type) =>
    on(`"type":{"S":"${type}"}`, 3),
  );
  const taskId = await submit(stack, { repository: remote.url, command: ["sh", "-c", "echo x > x"] });
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed", attempt: 1, version: 7 });
  for (const rule of rules) expect(rule.hits()).toBe(3);
  expect(remote.git("show", `${drover(taskId)}:x`)).toBe("x\n");
  await checkInvariants(stack, [taskId]);
});

it("of ten edits of one version exactly one is made, and the others learn the present version", async () => {
  await call(stack, "POST", `${base}/workspaces/default/pause`, { reason: "hold" });
  const taskId = await submit(stack, { repository: remote.url, command: ["true"] });
  const edits = await Promise.all(
    Array.from({ length: 10 }, (_, n) =>
      call(stack, "PATCH", `${tasksPath}/${taskId}`, { version: 1, title: `t${n}` }),
    ),
  );
  expect(edits.filter(({ status }) => status === 200)).toHaveLength(1);
  for (const { body } of edits.filter(({ status }) => status !== 200)) {
    expect(body).toMatchObject({ status: 409, code: "stale_version", currentVersion: 2 });
  }
  await call(stack, "POST", `${base}/workspaces/default/resume`, { reason: "go on" });
  await untilSettled(stack, taskId);
  await checkInvariants(stack, [taskId]);
});

it("of ten kills at once one is made, and the others hear that the task has ended", async () => {
  const taskId = await running();
  const kills = await Promise.all(Array.from({ length: 10 }, () => kill(stack, taskId)));
  expect(kills.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(kills.filter(({ body }) => body.code === "task_ended")).toHaveLength(9);
  await untilSettled(stack, taskId);
  await checkInvariants(stack, [taskId]);
});

it("completed and failed at the same moment: one of them, never both", async () => {
  for (let round = 0; round < 5; round += 1) {
    const taskId = await running();
    await callback(taskId, "work-done", { commit: "a".repeat(40), files: 1, additions: 1, deletions: 0 });
    const both = await Promise.all([
      callback(taskId, "complete", { kind: "no_changes" }),
      callback(taskId, "fail", { class: "agent_error", message: "no" }),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    const ended = await untilSettled(stack, taskId);
    const endings = (await stack.cloud.table.listEvents(taskId, 0, 50)).filter(
      ({ from, to }) => from !== to && ["completed", "failed", "killed"].includes(to),
    );
    expect(endings.map(({ to }) => to)).toEqual([ended.status]);
    await checkInvariants(stack, [taskId]);
  }
});

it("a task that keeps changing answers concurrent_update after three tries, with its version, and nothing is done", async () => {
  const taskId = await running();
  const before = (await stack.cloud.table.getTask(taskId))?.version ?? 0;
  const stale = stack.faults.DYNAMODB.on({
    operation: "TransactWriteItems",
    match: writes('"type":{"S":"attempt_failed"}'),
    do: {
      kind: "error",
      type: "TransactionCanceledException",
      message: "x",
      extra: {
        CancellationReasons: [{ Code: "ConditionalCheckFailed", Item: { version: { N: "99" } } }, { Code: "None" }],
      },
    },
  });
  const failure = { class: "infrastructure", message: "x" } as const;
  const change = changeTask(stack.cloud, taskId, "system:test", () => ({ event: { type: "attempt_failed", failure } }));
  await expect(change).rejects.toMatchObject({ code: "concurrent_update", details: { currentVersion: before } });
  expect(stale.hits()).toBe(3);
  stale.remove();
  expect((await stack.cloud.table.getTask(taskId))?.version).toBe(before);
  await kill(stack, taskId);
  await untilSettled(stack, taskId);
  await checkInvariants(stack, [taskId]);
});
