// What do the writes of an attempt promise? Each is fenced by the attempt's own state.
import { expect, it } from "vitest";
import { nothingSpent } from "../../functions/core/budget.ts";
import type { TaskEvent } from "../../functions/core/events.ts";
import { agentIdOf } from "../../functions/core/ids.ts";
import { hourMs, hourOf } from "../../functions/core/spending.ts";
import type { Task } from "../../functions/core/task.ts";
import { apply, changeOf, claim, createTask, kill, newTaskId, now, type OpenTable } from "./support.ts";

const beat = { seq: 1, step: "working", stepStartedAt: now, output: "", outputLength: 0 };
const arn = "arn:aws:ecs:eu-central-1:000000000000:task/drover/1";

export function attemptContract(open: OpenTable): void {
  const claimed = async () => apply(open(), await createTask(open()), claim());

  it("reads many attempts at once, each once, and leaves out what is not there", async () => {
    const [first, second] = [agentIdOf((await claimed()).taskId, 1), agentIdOf((await claimed()).taskId, 1)];
    const absent = agentIdOf(newTaskId(), 1);
    const found = await open().getAttempts([first, absent, second, first]);
    expect(found.map(({ agentId }) => agentId).sort()).toEqual([first, second].sort());
    expect(found).toContainEqual(await open().getAttempt(first));
  });

  it("takes a beat of a running attempt, and moves its lease", async () => {
    const task = await claimed();
    await apply(open(), task, { type: "started", leaseMs: 1_000, limitMs: 60_000 });
    const agentId = agentIdOf(task.taskId, 1);
    expect(await open().beat(agentId, beat, now + 90_000, now)).toEqual({ kind: "accepted", inbox: 0 });
    expect(await open().getAttempt(agentId)).toMatchObject({ beat, leaseExpiresAt: now + 90_000, state: "running" });
    expect((await open().getTask(task.taskId))?.version).toBe(3);
  });

  it("refuses a beat before the start, after the end, and of nobody", async () => {
    const task = await claimed();
    const agentId = agentIdOf(task.taskId, 1);
    expect(await open().beat(agentId, beat, now, now)).toEqual({ kind: "refused" });
    const started = await apply(open(), task, { type: "started", leaseMs: 1_000, limitMs: 60_000 });
    await apply(open(), started, kill);
    expect(await open().beat(agentId, beat, now, now)).toEqual({ kind: "refused" });
    expect(await open().beat(agentIdOf(newTaskId(), 1), beat, now, now)).toEqual({ kind: "refused" });
  });

  it("marks with each beat what the task has spent by then, once for each hour", async () => {
    const task = await claimed();
    await apply(open(), task, { type: "started", leaseMs: 1_000, limitMs: 60_000 });
    const agentId = agentIdOf(task.taskId, 1);
    const spend = (microDollars: number) => ({ ...beat, spend: { ...nothingSpent, microDollars } });
    await open().beat(agentId, spend(10), now, now);
    await open().beat(agentId, spend(25), now, now + 1);
    await open().beat(agentId, spend(70), now, now + hourMs);
    expect((await open().getAttempt(agentId))?.spentUntil).toEqual({
      [hourOf(now)]: 25,
      [hourOf(now) + 1]: 70,
    });
  });

  it("keeps what people say to an agent in order, and tells the running attempt in the answer to its beat", async () => {
    const say = (task: Task, number: number) =>
      open().commit(
        changeOf(
          task,
          { type: "message_sent", textHash: "h" },
          { message: { number, at: now, by: "key_1", text: `${number}` } },
        ),
      );
    const task = await apply(open(), await claimed(), { type: "started", leaseMs: 1_000, limitMs: 60_000 });
    expect(await say(task, 1)).toEqual({ kind: "committed" });
    const after = await open().getTask(task.taskId);
    expect(after).toMatchObject({ messages: 1, version: task.version + 1 });
    expect(await say(task, 1)).toEqual({ kind: "stale" });
    expect(await say(after as Task, 2)).toEqual({ kind: "committed" });
    expect((await open().listMessages(task.taskId, 0)).map(({ text }) => text)).toEqual(["1", "2"]);
    expect((await open().listMessages(task.taskId, 1)).map(({ number }) => number)).toEqual([2]);
    expect(await open().beat(agentIdOf(task.taskId, 1), beat, now, now)).toEqual({ kind: "accepted", inbox: 2 });
  });

  it("records the sandbox of a live attempt, and of no other", async () => {
    const task = await claimed();
    const agentId = agentIdOf(task.taskId, 1);
    expect(await open().recordSandbox(agentId, arn)).toBe("recorded");
    const started = await apply(open(), task, { type: "started", leaseMs: 1_000, limitMs: 60_000 });
    expect(await open().recordSandbox(agentId, arn)).toBe("recorded");
    await apply(open(), started, kill);
    expect(await open().recordSandbox(agentId, `${arn}2`)).toBe("refused");
    expect((await open().getAttempt(agentId))?.sandboxArn).toBe(arn);
    expect(await open().recordSandbox(agentIdOf(newTaskId(), 1), arn)).toBe("refused");
  });

  it("keeps what the last look at leases has left", async () => {
    const watch = { lookedAt: now, leasesHoldUntil: now + 5, wasAway: true };
    await open().putWatch(watch);
    expect(await open().getWatch()).toEqual(watch);
    await open().putWatch({ ...watch, wasAway: false });
    expect(await open().getWatch()).toEqual({ ...watch, wasAway: false });
  });

  it("lets somebody else take a launch up only while no sandbox is recorded", async () => {
    const task = await claimed();
    const agentId = agentIdOf(task.taskId, 1);
    expect(await open().takeUpLaunch(agentId, now)).toBe(true);
    expect(await open().getAttempt(agentId)).toMatchObject({ relaunchedAt: now, state: "spawning" });
    await open().recordSandbox(agentId, arn);
    expect(await open().takeUpLaunch(agentId, now + 1)).toBe(false);
    const other = await claimed();
    await apply(open(), other, kill);
    expect(await open().takeUpLaunch(agentIdOf(other.taskId, 1), now)).toBe(false);
    expect(await open().takeUpLaunch(agentIdOf(newTaskId(), 1), now)).toBe(false);
  });

  it("ends as never launched only what nobody else has taken up", async () => {
    const unlaunched: TaskEvent = { type: "put_back", why: "no room", notBefore: now, neverLaunched: true };
    const alone = await claimed();
    expect(await open().commit(changeOf(alone, unlaunched))).toEqual({ kind: "committed" });
    const ended = await open().getAttempt(agentIdOf(alone.taskId, 1));
    expect(ended).toMatchObject({ neverLaunched: true, cleanedUpAt: now });
    const taken = await claimed();
    await open().takeUpLaunch(agentIdOf(taken.taskId, 1), now);
    expect(await open().commit(changeOf(taken, unlaunched))).toEqual({ kind: "stale" });
    const { neverLaunched: _, ...putBack } = unlaunched;
    expect(await open().commit(changeOf(taken, putBack))).toEqual({ kind: "committed" });
  });

  it("owes the cleanup of an attempt from its end on, until it is recorded, and looks again when it is told", async () => {
    const task = await claimed();
    const agentId = agentIdOf(task.taskId, 1);
    const due = async (at: number) => (await open().dueCleanups(at, 1_000)).includes(agentId);
    expect(await due(now + 1_000_000)).toBe(false);
    const killed = await apply(open(), task, kill);
    const { cleanupAt = 0 } = (await open().getAttempt(agentId)) ?? {};
    expect([await due(cleanupAt - 1), await due(cleanupAt)]).toEqual([false, true]);
    await open().postponeCleanup(agentId, cleanupAt + 10, now + 1);
    expect(await open().getAttempt(agentId)).toMatchObject({ cleanupAt: cleanupAt + 10, unseenAt: now + 1 });
    expect([await due(cleanupAt), await due(cleanupAt + 10)]).toEqual([false, true]);
    await open().postponeCleanup(agentId, cleanupAt + 20, undefined);
    expect((await open().getAttempt(agentId))?.unseenAt).toBeUndefined();
    await apply(open(), killed, { type: "cleanup", attempt: 1, sandbox: "stopped", slots: "released" });
    await open().postponeCleanup(agentId, cleanupAt + 30, now);
    const cleaned = await open().getAttempt(agentId);
    expect(cleaned).toMatchObject({ state: "killed", cleanedUpAt: now, sandboxStoppedAt: now });
    expect([cleaned?.cleanupAt, cleaned?.unseenAt]).toEqual([undefined, undefined]);
    expect(await due(cleanupAt + 1_000_000)).toBe(false);
    const nobody = agentIdOf(newTaskId(), 1);
    await open().postponeCleanup(nobody, now, now);
    expect(await open().getAttempt(nobody)).toBeUndefined();
  });

  it("lists the attempts of a task, oldest first", async () => {
    let task = await claimed();
    for (let attempt = 2; attempt <= 11; attempt += 1) {
      task = await apply(open(), task, { type: "put_back", why: "no room", notBefore: now });
      task = await apply(open(), task, claim());
    }
    const attempts = await open().listAttempts(task.taskId);
    expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });
}
