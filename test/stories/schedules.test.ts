import { expect, it } from "vitest";
import type { Schedule, ScheduleId } from "../../functions/core/schedules.ts";
import { reap } from "../../functions/flows/reap.ts";
import { hold } from "../support/fault-proxy.ts";
import { checkInvariants } from "../support/invariants.ts";
import { useRemote } from "../support/remote.ts";
import { call, until, untilSettled, useStack } from "../support/stack.ts";

const stack = useStack();
const remote = useRemote();
const workspace = "/api/orchestrator/workspaces/default";
const schedules = `${workspace}/schedules`;
const hourMs = 3_600_000;
let made = 0;

/** Comes once a year: nothing fires by itself while a test looks. */
const request = (over: object = {}) => {
  made += 1;
  return {
    ...{ name: `nightly-${made}`, cron: "0 0 1 1 *", timezone: "Europe/Berlin" },
    task: { repository: remote.url, prompt: "Tidy up", agent: { kind: "command", command: ["true"] } },
    ...over,
  };
};
async function add(over: object = {}): Promise<Schedule> {
  const { status, body } = await call(stack, "POST", schedules, request(over));
  expect(status, JSON.stringify(body)).toBe(201);
  return read(body.scheduleId);
}
async function read(scheduleId: ScheduleId): Promise<Schedule> {
  const found = await stack.cloud.table.getSchedule("default", scheduleId);
  if (!found) throw new Error(`${scheduleId} is gone`);
  return found;
}
/** As if its time had come so long ago. */
async function makeDue(schedule: Schedule, agoMs = 1_000): Promise<Schedule> {
  const due = { ...schedule, version: schedule.version + 1, nextAt: stack.cloud.clock.now() - agoMs };
  expect(await stack.cloud.table.replaceSchedule(schedule, due)).toBe("replaced");
  return due;
}
const tasksOf = async ({ name }: Schedule) =>
  (await stack.cloud.table.listTasks("default", { limit: 100 })).tasks.filter(
    ({ owner }) => owner === `schedule:${name}`,
  );
/** The reaper of the stack may have been faster, which must make no difference. */
const untilFired = ({ scheduleId, nextAt }: Schedule) =>
  until(`${scheduleId} has fired`, async () => {
    await reap(stack.cloud);
    const { lastOutcome } = await read(scheduleId);
    return lastOutcome?.dueAt === nextAt && lastOutcome;
  });
const shown = async ({ scheduleId }: Schedule) =>
  (await call(stack, "GET", schedules)).body.schedules.find((one: Schedule) => one.scheduleId === scheduleId);
const patch = ({ scheduleId }: Schedule, edit: object) => call(stack, "PATCH", `${schedules}/${scheduleId}`, edit);
const writeOf =
  ({ scheduleId }: Schedule) =>
  (body: unknown) =>
    JSON.stringify(body).includes(scheduleId);

it("a schedule that is due makes its task, in its own name, and shows which", async () => {
  const due = await makeDue(await add());
  const outcome = await untilFired(due);
  const [task, ...more] = await tasksOf(due);
  expect(more).toEqual([]);
  expect(outcome).toMatchObject({ kind: "submitted", taskId: task?.taskId, dueAt: due.nextAt });
  expect(task).toMatchObject({ createdBy: due.scheduleId, title: "Tidy up", workspace: "default" });
  expect(await shown(due)).toMatchObject({
    paused: false,
    nextAt: expect.stringMatching(/^20\d\d-12-31T23:00:00.000Z$/),
    lastOutcome: { kind: "submitted", taskId: task?.taskId, dueAt: new Date(due.nextAt ?? 0).toISOString() },
  });
  if (task) await untilSettled(stack, task.taskId);
  if (task) await checkInvariants(stack, [task.taskId]);
});

it("after an outage one missed time is made up for, not all", async () => {
  const due = await makeDue(await add({ cron: "*/5 * * * *" }), 30 * hourMs);
  await untilFired(due);
  await reap(stack.cloud);
  expect(await tasksOf(due)).toHaveLength(1);
  const { nextAt = 0 } = await read(due.scheduleId);
  expect(nextAt - stack.cloud.clock.now()).toBeGreaterThan(-1);
  expect(nextAt - stack.cloud.clock.now()).toBeLessThanOrEqual(300_000);
  await patch(due, { paused: true });
});

it("a reaper that dies between the task and the write after it leaves one task", async () => {
  const schedule = await add();
  const dies = stack.faults.DYNAMODB.on({
    operation: "PutItem",
    match: (body) => writeOf(schedule)(body) && JSON.stringify(body).includes("lastOutcome"),
    do: { kind: "error", type: "InternalServerError", message: "it dies here", status: 500 },
  });
  const due = await makeDue(schedule);
  await until("the reaper has died there", async () => {
    await reap(stack.cloud);
    return dies.hits() > 2;
  });
  expect(await tasksOf(due)).toHaveLength(1);
  expect((await read(due.scheduleId)).nextAt).toBe(due.nextAt);
  dies.remove();
  const outcome = await untilFired(due);
  const tasks = await tasksOf(due);
  expect(tasks).toMatchObject([{ taskId: outcome.kind === "submitted" && outcome.taskId }]);
});

it("reapers at the same moment, and one whose answer was lost, make one task", async () => {
  const schedule = await add();
  const lost = stack.faults.DYNAMODB.on({
    operation: "TransactWriteItems",
    match: (body) => JSON.stringify(body).includes(`${schedule.scheduleId}:`),
    times: 4,
    do: { kind: "drop_answer" },
  });
  const due = await makeDue(schedule);
  await Promise.all(Array.from({ length: 4 }, () => reap(stack.cloud)));
  await untilFired(due);
  lost.remove();
  expect(lost.hits()).toBeGreaterThan(0);
  expect(await tasksOf(due)).toHaveLength(1);
});

it("a pause that comes while it fires is not undone by the write after it", async () => {
  const schedule = await add();
  const door = hold();
  const rule = stack.faults.DYNAMODB.on({
    operation: "PutItem",
    match: (body) => writeOf(schedule)(body) && JSON.stringify(body).includes("lastOutcome"),
    do: door,
  });
  const due = await makeDue(schedule);
  const reaping = reap(stack.cloud);
  await door.reached;
  expect((await patch(due, { paused: true })).body).toMatchObject({ paused: true });
  door.release();
  await reaping;
  rule.remove();
  await reap(stack.cloud);
  const after = await read(due.scheduleId);
  expect(after.nextAt).toBeUndefined();
  expect(await tasksOf(due)).toHaveLength(1);
});

it("an edit that was decided before it fired is decided again, and forgets nothing of the firing", async () => {
  const schedule = await add();
  const door = hold();
  const rule = stack.faults.DYNAMODB.on({
    operation: "TransactWriteItems",
    match: (body) => JSON.stringify(body).includes("schedule_edited") && writeOf(schedule)(body),
    times: 1,
    do: door,
  });
  const editing = patch(schedule, { name: `${schedule.name}-b` });
  await door.reached;
  const due = await makeDue(await read(schedule.scheduleId));
  const outcome = await untilFired(due);
  door.release();
  expect((await editing).body).toMatchObject({ name: `${schedule.name}-b`, lastOutcome: { kind: "submitted" } });
  rule.remove();
  const after = await read(schedule.scheduleId);
  expect(after.lastOutcome).toEqual(outcome);
  expect(after.nextAt).toBeGreaterThan(stack.cloud.clock.now());
});

it("a refused submission is shown with its reason, and the schedule goes on", async () => {
  const gone = await add({ task: { ...request().task, repository: "/no/such/repository" } });
  const stopped = await add();
  await call(stack, "POST", `${workspace}/kill-all`, { reason: "the test says so" });
  const due = await makeDue(stopped);
  expect(await untilFired(due)).toMatchObject({ kind: "refused", code: "admission_stopped" });
  await call(stack, "POST", `${workspace}/release`, { reason: "go on" });
  await untilFired(await makeDue(gone));
  expect(await shown(gone)).toMatchObject({
    lastOutcome: { kind: "refused", code: "repository_not_found", why: expect.stringContaining("/no/such") },
    nextAt: expect.any(String),
  });
  expect(await tasksOf(stopped)).toEqual([]);
  await untilFired(await makeDue(await read(stopped.scheduleId)));
  expect(await tasksOf(stopped)).toHaveLength(1);
});

it("paused it does not fire, resumed it comes at the next time from then on, and changed at the new one", async () => {
  const schedule = await add({ paused: true });
  expect(await shown(schedule)).toMatchObject({ paused: true });
  expect(schedule.nextAt).toBeUndefined();
  await reap(stack.cloud);
  expect(await tasksOf(schedule)).toEqual([]);
  const resumed = await patch(schedule, { paused: false, timezone: "UTC" });
  expect(resumed.body).toMatchObject({ paused: false, nextAt: expect.stringMatching(/-01-01T00:00:00.000Z$/) });
  const changed = await patch(schedule, { cron: "30 6 * * *" });
  expect(changed.body.nextAt).toMatch(/T06:30:00.000Z$/);
  const named = await patch(schedule, { name: "renamed" });
  expect(named.body.nextAt).toBe(changed.body.nextAt);
});

it("run now makes a task beside its times, once for an idempotency key, in the name of who asked", async () => {
  const schedule = await add({ paused: true });
  const path = `${schedules}/${schedule.scheduleId}/run`;
  const first = await call(stack, "POST", path, undefined, { "idempotency-key": "run-1" });
  const second = await call(stack, "POST", path, undefined, { "idempotency-key": "run-1" });
  expect([first.status, second.status]).toEqual([201, 200]);
  expect(second.body.taskId).toBe(first.body.taskId);
  const [event] = await stack.cloud.table.listEvents(first.body.taskId, 0, 1);
  expect(event?.by).toMatch(/^key_/);
  expect(await tasksOf(schedule)).toMatchObject([{ taskId: first.body.taskId }]);
});

it("removed it is gone, with every act in the audit log, and only admins of its workspace have to do with it", async () => {
  const schedule = await add();
  const one = `${schedules}/${schedule.scheduleId}`;
  const { body } = await call(stack, "POST", `${workspace}/keys`, { name: "m", role: "member" });
  const headers = { "x-api-key": body.apiKey as string };
  for (const [method, path, asked] of [
    ["POST", schedules, request()],
    ["GET", schedules, undefined],
    ["PATCH", one, { paused: true }],
    ["DELETE", one, undefined],
    ["POST", `${one}/run`, undefined],
  ] as const) {
    expect((await call(stack, method, path, asked, headers)).status, `${method} ${path}`).toBe(403);
  }
  const elsewhere = one.replace("default", "other");
  expect(await call(stack, "DELETE", elsewhere)).toMatchObject({ status: 404, body: { code: "schedule_not_found" } });
  await patch(schedule, { paused: true });
  expect((await call(stack, "DELETE", one)).status).toBe(204);
  expect((await call(stack, "DELETE", one)).status).toBe(404);
  const acts = await stack.cloud.table.listActs("workspace:default", 0, 1_000);
  const its = acts.filter(({ data }) => data.scheduleId === schedule.scheduleId);
  expect(its.map(({ type }) => type)).toEqual(["schedule_added", "schedule_edited", "schedule_removed"]);
  const refused = acts.filter(({ type, data }) => type === "act_refused" && String(data.path).startsWith(one));
  expect(refused.map(({ data }) => data.method)).toEqual(["PATCH", "DELETE", "POST"]);
});

it.each([
  ["a time that never comes", { cron: "0 0 31 2 *" }, /never comes/],
  ["an unknown zone", { timezone: "Mars/Base" }, /cannot be read/],
  ["seconds", { cron: "* * * * * *" }, /not like/],
  [
    "a moment within its task",
    {
      task: {
        repository: "/r",
        prompt: "p",
        agent: { kind: "command", command: ["true"] },
        notBefore: "2026-12-01T00:00:00Z",
      },
    },
    /notBefore/,
  ],
  ["a misspelt field", { when: "now" }, /when/],
])("%s is refused, and nothing is kept", async (_what, over, words) => {
  const before = (await call(stack, "GET", schedules)).body.schedules.length;
  const { status, body } = await call(stack, "POST", schedules, request(over));
  expect([status, body.code]).toEqual([400, "invalid_request"]);
  expect(body.detail).toMatch(words);
  expect((await call(stack, "GET", schedules)).body.schedules).toHaveLength(before);
});

it("an edit that changes nothing, or takes another's name, is refused", async () => {
  const [one, other] = [await add(), await add()];
  expect((await patch(one, {})).status).toBe(400);
  expect(await patch(one, { name: other.name })).toMatchObject({ status: 409, body: { code: "name_taken" } });
  expect((await patch(one, { cron: "0 0 31 2 *" })).status).toBe(400);
  expect(await read(one.scheduleId)).toEqual(one);
});
