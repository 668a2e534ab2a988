import { describe, expect, it } from "vitest";
import { findBreak } from "../../functions/core/audit.ts";
import type { TaskId } from "../../functions/core/ids.ts";
import { checkInvariants } from "../support/invariants.ts";
import { useRemote } from "../support/remote.ts";
import { call, kill, submit, tasksPath, until, untilSettled, untilStatus, useStack } from "../support/stack.ts";

const stack = useStack({ DROVER_SLOTS: "2", DROVER_SLOTS_PER_REPOSITORY: "2", DROVER_QUEUE_LIMIT: "12" });
const remote = useRemote();
const base = "/api/orchestrator";
const quick = ["true"];
const endless = ["sleep", "1000"];
const reason = { reason: "the test says so" };

const post = (path: string, body: object = reason, headers?: Record<string, string>) =>
  call(stack, "POST", `${base}${path}`, body, headers);
const patch = (taskId: TaskId, body: object) => call(stack, "PATCH", `${tasksPath}/${taskId}`, body);
const makeKey = async (workspace: string, role: string, principal?: string) => {
  const { body } = await post(`/workspaces/${workspace}/keys`, { name: role, role, principal });
  return { "x-api-key": body.apiKey as string };
};

/** While paused nothing is claimed, so that an order can be built up. */
async function whilePaused<T>(act: () => Promise<T>): Promise<T> {
  expect((await post("/workspaces/default/pause")).status).toBe(200);
  const result = await act();
  expect((await post("/workspaces/default/resume")).body).toMatchObject({ changed: true, paused: false });
  return result;
}

describe("a queued task", () => {
  it("is changed with the version that was read, and refused with another", async () => {
    const taskId = await whilePaused(async () => {
      const id = await submit(stack, { repository: remote.url, command: quick });
      const edited = await patch(id, {
        version: 1,
        title: "Better",
        priority: 8,
        prompt: "Say more",
        labels: ["a", "b"],
      });
      expect(edited).toMatchObject({
        status: 200,
        body: { version: 2, title: "Better", priority: 8, prompt: "Say more", labels: ["a", "b"] },
      });
      expect(await patch(id, { version: 1, priority: 1 })).toMatchObject({
        status: 409,
        body: { code: "stale_version", currentVersion: 2 },
      });
      expect(await patch(id, { version: 2 })).toMatchObject({ status: 400 });
      expect(await patch(id, { version: 2, repository: "/x" })).toMatchObject({ status: 400 });
      return id;
    });
    await untilSettled(stack, taskId);
    expect(await patch(taskId, { version: 7, priority: 1 })).toMatchObject({ status: 409 });
    await checkInvariants(stack, [taskId]);
  });

  it("may get other gates and limits, is put off, and told to run at once", async () => {
    const dayMs = 86_400_000;
    const inDays = (days: number) => new Date(Date.now() + days * dayMs).toISOString();
    const id = await submit(stack, { repository: remote.url, command: quick, notBefore: inDays(1) });
    const later = inDays(2);
    const edited = await patch(id, {
      ...{ version: 1, notBefore: later, gates: { gates: ["test"] }, allowConfigChanges: ["package.json"] },
      limits: { wallClockMs: 61_000 },
    });
    expect(edited.body).toMatchObject({
      ...{ notBefore: later, gates: { profile: "custom", gates: ["test"], chosenBy: "request" } },
      ...{ allowConfigChanges: ["package.json"], limits: { wallClockMs: 61_000, rejections: 3 } },
    });
    const fields = ["notBefore", "gates", "allowConfigChanges", "limits"];
    const [, event] = await stack.cloud.table.listEvents(id, 0, 2);
    expect([event?.type, new Set((event?.data as { fields: string[] }).fields)]).toEqual(["edited", new Set(fields)]);
    expect(await patch(id, { version: 2, notBefore: inDays(31) })).toMatchObject({ status: 400 });
    const now = await patch(id, { version: 2, notBefore: inDays(-1), gates: { profile: "none" } });
    expect([now.status, now.body.notBefore]).toEqual([200, undefined]);
    expect((await untilSettled(stack, id)).status).toBe("completed");
    await checkInvariants(stack, [id]);
  });

  it("is cancelled; a running one is not", async () => {
    const running = await submit(stack, { repository: remote.url, command: endless });
    await untilStatus(stack, running, "running");
    expect(await post(`/tasks/${running}/cancel`)).toMatchObject({ status: 409, body: { code: "illegal_transition" } });
    const queued = await whilePaused(async () => {
      const id = await submit(stack, { repository: remote.url, command: quick });
      expect(await post(`/tasks/${id}/cancel`)).toMatchObject({
        body: { status: "killed", killed: { cause: "cancelled" } },
      });
      return id;
    });
    const again = await post(`/tasks/${queued}/cancel`);
    expect(again).toMatchObject({ status: 409, body: { code: "task_ended" } });
    expect(again.body.detail).toBe(`${queued} has already ended: it is killed. Nothing was changed.`);
    await kill(stack, running);
    await untilSettled(stack, running);
    await checkInvariants(stack, [running, queued]);
  });

  it("that has ended badly is asked for again, once, and anew when that retry has ended badly as well", async () => {
    const failed = await submit(stack, { repository: remote.url, command: ["false"], priority: 7, labels: ["x"] });
    await untilSettled(stack, failed);
    // Whoever guesses the key under which drover keeps the retry does not take its place.
    const request = { repository: remote.url, prompt: "x", agent: { kind: "command", command: quick } };
    const guess = await call(stack, "POST", tasksPath, request, { "idempotency-key": `retry of ${failed}` });
    expect(guess.status).toBe(201);
    const [one, two] = await Promise.all([post(`/tasks/${failed}/retry`), post(`/tasks/${failed}/retry`)]);
    expect([one.status, two.status].sort()).toEqual([200, 201]);
    expect(one.body).toMatchObject({ retryOf: failed, priority: 7, labels: ["x"] });
    expect(two.body.taskId).toBe(one.body.taskId);
    await untilSettled(stack, one.body.taskId);
    const third = await post(`/tasks/${failed}/retry`);
    expect(third).toMatchObject({ status: 201, body: { retryOf: failed, status: "queued" } });
    expect(third.body.taskId).not.toBe(one.body.taskId);
    await untilSettled(stack, third.body.taskId);
    await untilSettled(stack, guess.body.taskId);
    const fine = await submit(stack, { repository: remote.url, command: quick });
    await untilSettled(stack, fine);
    expect(await post(`/tasks/${fine}/retry`)).toMatchObject({ status: 409 });
  });

  it("waits for its time", async () => {
    const taskId = await submit(stack, { repository: remote.url, command: quick, delayMs: 1_500 });
    const stats = await call(stack, "GET", `${base}/stats`);
    expect(stats.body).toMatchObject({ delayed: 1 });
    expect(await stack.cloud.table.getTask(taskId)).toMatchObject({
      status: "queued",
      attempt: 0,
      due: { kind: "ready" },
    });
    await until("the reaper has let it go", async () => {
      await stack.local.reaper.runNow();
      return (await stack.cloud.table.getTask(taskId))?.status === "completed";
    });
    const [, claimed] = await stack.cloud.table.listEvents(taskId, 0, 2);
    const created = (await stack.cloud.table.getTask(taskId))?.createdAt ?? 0;
    expect((claimed?.at ?? 0) - created).toBeGreaterThanOrEqual(1_500);
  });
});

it("tasks of one workspace start by priority, 10 first, then by age", async () => {
  const priorities = [5, 1, 10, 5, 9];
  const ids = await whilePaused(async () => {
    const made: TaskId[] = [];
    for (const priority of priorities)
      made.push(await submit(stack, { repository: remote.url, command: quick, priority }));
    return made;
  });
  for (const id of ids) await untilSettled(stack, id);
  const claims = await Promise.all(
    ids.map(async (id, n) => ({ n, at: (await stack.cloud.table.listEvents(id, 1, 1))[0]?.eventId ?? "" })),
  );
  expect(claims.sort((a, b) => (a.at < b.at ? -1 : 1)).map(({ n }) => n)).toEqual([2, 4, 0, 3, 1]);
  await checkInvariants(stack, ids);
});

it("no more run at once than there are slots, and the list and the counts tell the truth", async () => {
  const ids: TaskId[] = [];
  for (let n = 0; n < 4; n += 1)
    ids.push(await submit(stack, { repository: remote.url, command: endless, labels: [`n${n}`] }));
  await until("two run", async () => (await call(stack, "GET", `${base}/stats`)).body.running === 2);
  expect((await call(stack, "GET", `${base}/stats`)).body).toMatchObject({ running: 2, queued: 2 });
  expect((await call(stack, "GET", `${tasksPath}?status=running`)).body.tasks).toHaveLength(2);
  expect(
    (await call(stack, "GET", `${tasksPath}?status=queued&label=n3`)).body.tasks.map(
      (t: { taskId: string }) => t.taskId,
    ),
  ).toEqual([ids[3]]);
  expect((await call(stack, "GET", `${tasksPath}?repository=${remote.url}&status=queued`)).body.tasks).toHaveLength(2);
  expect((await call(stack, "GET", `${tasksPath}?status=queued&priority=9`)).body.tasks).toEqual([]);

  const answer = await post("/workspaces/default/kill-all");
  expect(answer).toMatchObject({ status: 200, body: { total: 4, killed: 4, failed: 0, remaining: 0, finished: true } });
  expect((await call(stack, "GET", `${base}/operations/${answer.body.operationId}`)).body).toEqual(answer.body);
  for (const id of ids) expect((await untilSettled(stack, id)).killed).toMatchObject({ cause: "kill_all" });
  await checkInvariants(stack, ids);

  // Another turn on top: it is still the stop that refuses, in the name and for the reason of the stop.
  await post("/workspaces/default/pause", { reason: "slowly" });
  const refused = await call(stack, "POST", tasksPath, {
    repository: remote.url,
    prompt: "x",
    agent: { kind: "command", command: quick },
  });
  expect(refused).toMatchObject({ status: 503, body: { code: "admission_stopped", scope: "workspace:default" } });
  expect(refused.body.detail).toContain(`(${reason.reason})`);
  await post("/workspaces/default/resume");
  expect((await post("/workspaces/default/release")).body).toMatchObject({
    changed: true,
    stopped: false,
    generation: 1,
  });
  expect((await post("/workspaces/default/release")).body).toMatchObject({ changed: false });
  const after = await submit(stack, { repository: remote.url, command: quick });
  expect(await untilSettled(stack, after)).toMatchObject({ status: "completed", admitted: { workspace: 1 } });
});

it("over the queue limit a task is refused with the time to wait", async () => {
  const ids = await whilePaused(async () => {
    const made: TaskId[] = [];
    for (let n = 0; n < 12; n += 1) made.push(await submit(stack, { repository: remote.url, command: quick }));
    const over = await call(stack, "POST", tasksPath, {
      repository: remote.url,
      prompt: "x",
      agent: { kind: "command", command: quick },
    });
    expect(over).toMatchObject({ status: 429, body: { code: "queue_full" } });
    expect(over.headers.get("retry-after")).toBe("60");
    for (const id of made) await post(`/tasks/${id}/cancel`);
    return made;
  });
  expect((await call(stack, "GET", `${base}/stats`)).body).toMatchObject({ queued: 0, delayed: 0, running: 0 });
  await checkInvariants(stack, ids);
});

it("an emergency stop fences at once what it has not killed yet, in every workspace, also what is only repeated", async () => {
  const other = await makeKey("other", "member", "them");
  const here = await submit(stack, { repository: remote.url, command: endless });
  const there = await call(
    stack,
    "POST",
    tasksPath,
    { repository: remote.url, prompt: "x", agent: { kind: "command", command: endless } },
    other,
  );
  const ids: TaskId[] = [here, there.body.taskId];
  for (const id of ids) await untilStatus(stack, id, "running");
  const say = (task: TaskId, verb: string, body: object = {}) => {
    const agentId = `agt_${task.slice(4)}_1` as const;
    const token = { "x-drover-token": stack.cloud.tokenOf(agentId) };
    return call(stack, "POST", `${base}/attempts/${agentId}/${verb}`, body, token);
  };
  const work = { commit: "a".repeat(40), files: 1, additions: 1, deletions: 0 };
  const permit = { branch: `drover/${here}` };
  expect(await say(here, "work-done", work)).toMatchObject({ status: 200 });
  // This answer gets lost: its supervisor asks again, and hears the same while no stop is between.
  const first = await say(here, "permit", permit);
  expect(await say(here, "permit", permit)).toMatchObject({ status: 200, body: first.body });
  expect(await say(there.body.taskId, "start")).toMatchObject({ status: 200 });
  // Every per-task kill is refused for now: the fence alone must hold.
  const held = stack.faults.DYNAMODB.on({
    operation: "TransactWriteItems",
    match: (body) => JSON.stringify(body).includes('"type":{"S":"killed"}'),
    do: { kind: "error", type: "InternalServerError", message: "not now", status: 500 },
  });
  const answer = await post("/emergency-stop");
  expect(answer.body).toMatchObject({ scope: "global", total: 2, killed: 0, failed: 2 });
  // What would be written, what is asked for again (a permit, secrets), and a second word of what was already said.
  const late = [
    ...[await say(there.body.taskId, "work-done", work), await say(there.body.taskId, "start")],
    await say(here, "permit", permit),
  ];
  expect(late).toMatchObject(Array(3).fill({ status: 409, body: { code: "task_stopped" } }));
  held.remove();
  await until("the reaper has ended them", async () => {
    await stack.local.reaper.runNow();
    const tasks = await Promise.all(ids.map((id) => stack.cloud.table.getTask(id)));
    return tasks.every((task) => task?.status === "killed" && task.stopConfirmation);
  });
  expect((await post("/global/release")).body).toMatchObject({ changed: true });
  await checkInvariants(stack, ids);
});

it("an emergency stop fences and ends what runs although workspaces can be neither listed nor counted, and is finished later", async () => {
  const running = await submit(stack, { repository: remote.url, command: endless });
  await untilStatus(stack, running, "running");
  const refused = stack.faults.DYNAMODB.on({
    operation: "Query",
    match: (body) => /"(workspaces|counter#[^"]*)"/.test(JSON.stringify(body)),
    do: { kind: "error", type: "InternalServerError", message: "not now", status: 500 },
  });
  const answer = await post("/emergency-stop");
  expect(answer).toMatchObject({ status: 200, body: { scope: "global", finished: false } });
  expect(answer.body.total).toBeUndefined();
  expect(await stack.cloud.table.getTask(running)).toMatchObject({ killed: { cause: "emergency_stop" } });
  expect(refused.hits()).toBeGreaterThan(1);
  refused.remove();
  await until("the reaper has finished it", async () => {
    await stack.local.reaper.runNow();
    return (await call(stack, "GET", `${base}/operations/${answer.body.operationId}`)).body.finished;
  });
  await untilSettled(stack, running);
  expect((await post("/global/release")).body).toMatchObject({ changed: true });
  await checkInvariants(stack, [running]);
});

describe("roles", () => {
  it("a member acts on its own tasks, an admin on the workspace, a super admin on everything", async () => {
    const ann = await makeKey("default", "member", "ann");
    const ann2 = await makeKey("default", "member", "ann");
    const bob = await makeKey("default", "member", "bob");
    const admin = await makeKey("default", "workspace_admin");
    const body = { repository: remote.url, prompt: "x", agent: { kind: "command", command: endless } };
    const made = await call(stack, "POST", tasksPath, body, ann);
    const id = made.body.taskId as TaskId;
    expect(await post(`/tasks/${id}/kill`, reason, bob)).toMatchObject({ status: 403, body: { code: "forbidden" } });
    const refusal = (await stack.cloud.table.listActs("workspace:default", 0, 1000)).at(-1);
    expect(refusal).toMatchObject({
      type: "act_refused",
      data: { path: `${tasksPath}/${id}/kill`, code: "forbidden", reason: reason.reason },
    });
    expect(await post("/workspaces/default/kill-all", reason, ann)).toMatchObject({ status: 403 });
    const elsewhere = await post("/workspaces/other/kill-all", reason, admin);
    expect(elsewhere).toMatchObject({ status: 403 });
    expect(elsewhere.body.detail).toMatch(
      /^This needs a workspace admin of workspace other, and key_\w+ is a workspace admin of workspace default\.$/,
    );
    expect(await post("/emergency-stop", reason, admin)).toMatchObject({ status: 403 });
    expect(await post("/global/pause", reason, admin)).toMatchObject({ status: 403 });
    expect(await post("/workspaces/default/keys", { name: "x", role: "super_admin" }, admin)).toMatchObject({
      status: 403,
    });
    expect(await post("/workspaces/default/keys", { name: "x" }, ann)).toMatchObject({ status: 403 });
    expect(await post(`/tasks/${id}/kill`, reason, ann2)).toMatchObject({ status: 200 });
    await untilSettled(stack, id);
  });

  it("a super admin's key is revoked by super admins alone, also where it lies in a workspace of another admin", async () => {
    const keys = `${base}/workspaces/default/keys`;
    const admin = await makeKey("default", "workspace_admin");
    const { body: root } = await post("/workspaces/default/keys", { name: "root", role: "super_admin" });
    const { body: plain } = await post("/workspaces/default/keys", { name: "plain", role: "workspace_admin" });
    const asRoot = { "x-api-key": root.apiKey as string };
    const refused = await call(stack, "DELETE", `${keys}/${root.keyId}`, undefined, admin);
    expect(refused).toMatchObject({ status: 403, body: { code: "forbidden" } });
    expect((await call(stack, "GET", keys, undefined, asRoot)).status).toBe(200);
    expect(await call(stack, "DELETE", `${keys}/${plain.keyId}`, undefined, admin)).toMatchObject({ status: 200 });
    expect(await call(stack, "DELETE", `${keys}/${root.keyId}`)).toMatchObject({ status: 200 });
    expect((await call(stack, "GET", keys, undefined, asRoot)).status).toBe(401);
  });

  it("what is refused to somebody stands in the audit log, with the reason and without secrets; what is asked stays out", async () => {
    const ann = await makeKey("default", "member", "ann");
    const running = await submit(stack, { repository: remote.url, command: endless });
    const agent = `agt_${running.slice(4)}_1`;
    const credential = { token: "a-very-secret-token" };
    const attempts: [string, string, object][] = [
      ["POST", `/tasks/${running}/kill`, reason],
      ["POST", `/agents/${agent}/kill`, reason],
      ["POST", "/agents/kill-all", reason],
      ["POST", "/workspaces/default/kill-all", reason],
      ["POST", "/workspaces/elsewhere/kill-all", reason],
      ["POST", "/emergency-stop", reason],
      ["POST", "/global/pause", reason],
      ["DELETE", "/backends/default", reason],
      ["PUT", "/workspaces/default/credentials/github", credential],
      ["POST", "/workspaces/default/keys", { name: "x" }],
    ];
    const before = (await stack.cloud.table.getChainHead("workspace:default")).version;
    for (const [method, path, body] of attempts) {
      expect(await call(stack, method, `${base}${path}`, body, ann)).toMatchObject({ status: 403 });
    }
    await call(stack, "GET", `${base}/workspaces/default/keys`, undefined, ann);
    await call(stack, "POST", `${base}/workspaces/default/kill-all`, { reason: "" }, ann);
    await call(stack, "POST", `${base}/workspaces/default/kill-all`, reason, { "x-api-key": "drv_nobody" });
    const acts = await stack.cloud.table.listActs("workspace:default", before, 100);
    expect(acts.map(({ type, data }) => [type, data])).toEqual(
      attempts.map(([method, path, body]) => [
        "act_refused",
        { method, path: `${base}${path}`, code: "forbidden", ...("reason" in body ? reason : {}) },
      ]),
    );
    expect(JSON.stringify(acts)).not.toContain(credential.token);
    expect((await kill(stack, running)).status).toBe(200);
    expect((await kill(stack, running)).status).toBe(409);
    const [late] = (await stack.cloud.table.listActs("workspace:default", before + attempts.length, 100)).slice(-1);
    expect(late).toMatchObject({ type: "act_refused", data: { code: "task_ended" } });
    await untilSettled(stack, running);
  });

  it("who sets a credential stands in the audit log, and its secret does not", async () => {
    const set = { token: "ghp-secret", repositories: ["https://git.example.com/acme/*"], forge: { kind: "gitea" } };
    const path = `${base}/workspaces/default/credentials/gitea`;
    expect((await call(stack, "PUT", path, set)).status).toBe(204);
    const act = (await stack.cloud.table.listActs("workspace:default", 0, 1000)).at(-1);
    const data = { name: "gitea", repositories: set.repositories, forge: "gitea" };
    expect(act).toMatchObject({ type: "credential_set", data });
    expect(JSON.stringify(act)).not.toContain(set.token);
    expect((await call(stack, "DELETE", path)).status).toBe(204);
    expect(await stack.cloud.credentials.get("default", "gitea")).toBeUndefined();
    const removed = (await stack.cloud.table.listActs("workspace:default", 0, 1000)).at(-1);
    expect(removed).toMatchObject({ type: "credential_removed", data: { name: "gitea" } });
    const again = await call(stack, "DELETE", path);
    expect(again).toMatchObject({ status: 404, body: { code: "no_such_credential" } });
  });

  it("a revoked key opens nothing, and the acts stand in an unbroken chain", async () => {
    const { body } = await post("/workspaces/default/keys", { name: "short-lived", role: "member" });
    const headers = { "x-api-key": body.apiKey };
    expect((await call(stack, "GET", tasksPath, undefined, headers)).status).toBe(200);
    const revoked = await call(stack, "DELETE", `${base}/workspaces/default/keys/${body.keyId}`);
    expect(revoked.body).toMatchObject({ keyId: body.keyId, revokedAt: expect.any(String) });
    expect(JSON.stringify(revoked.body)).not.toMatch(/secret/i);
    expect((await call(stack, "GET", tasksPath, undefined, headers)).status).toBe(401);
    expect(await call(stack, "DELETE", `${base}/workspaces/default/keys/key_nobody`)).toMatchObject({ status: 404 });
    for (const chain of ["global", "workspace:default"]) {
      const acts = await stack.cloud.table.listActs(chain, 0, 500);
      expect(acts.length).toBeGreaterThan(1);
      expect(findBreak(acts)).toBeUndefined();
    }
  });
});

it("a key may make so many requests in a minute; kills have a limit of their own, and callbacks none", async () => {
  const made = await post("/workspaces/default/keys", { name: "slow", requestsPerMinute: 3 });
  const headers = { "x-api-key": made.body.apiKey };
  const realNow = stack.cloud.clock.now;
  const fixed = Math.floor(realNow() / 60_000) * 60_000 + 20_000;
  stack.cloud.clock.now = () => fixed;
  try {
    const get = () => call(stack, "GET", tasksPath, undefined, headers);
    const answers = await Promise.all([get(), get(), get(), get(), get()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 429, 429]);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.body).toMatchObject({ code: "rate_limited", retryAfterSeconds: 40 });
    expect(refused?.headers.get("retry-after")).toBe("40");
    const kills = await Promise.all(
      Array.from({ length: 61 }, () => post("/tasks/tsk_01K0000000000000000000000A/kill", reason, headers)),
    );
    expect(kills.filter(({ status }) => status === 404)).toHaveLength(60);
    expect(kills.filter(({ status }) => status === 429)).toHaveLength(1);
    stack.cloud.clock.now = () => fixed + 40_000;
    expect((await get()).status).toBe(200);
  } finally {
    stack.cloud.clock.now = realNow;
  }
});

it("acts of one chain at the same moment all get in, each once", async () => {
  const before = (await stack.cloud.table.getChainHead("workspace:busy")).version;
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, n) => post("/workspaces/busy/keys", { name: `k${n}` })),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(201));
  const acts = await stack.cloud.table.listActs("workspace:busy", before, 100);
  expect(acts).toHaveLength(8);
  expect(findBreak(acts)).toBeUndefined();
});
