// What do the indexes promise? The order in which to run, what is due, and pages without a gap.
import { expect, it } from "vitest";
import type { TaskId } from "../../functions/core/ids.ts";
import { beginningOf } from "../../functions/core/ready-order.ts";
import type { Phase, WaitingKind } from "../../functions/core/table.ts";
import type { Task } from "../../functions/core/task.ts";
import { behindNeighbours } from "../../functions/core/waiting-order.ts";
import { apply, claim, createTask, kill, newWorkspace, now, type OpenTable } from "./support.ts";

export function indexContract(open: OpenTable): void {
  const waiting = async (kind: WaitingKind, at: number) =>
    (await open().waitingAfter(kind, "", at, 1_000)).filter((one) => one.at <= at).map(({ taskId }) => taskId);
  const heldIn = async (pool: string) => (await open().heldAfter(pool, "", 10)).map(({ taskId }) => taskId);

  it("lists ready tasks by priority, then age", async () => {
    const workspace = newWorkspace();
    const make = (over: Partial<Task>) => createTask(open(), { workspace, ...over });
    const old = await make({ priority: 5, createdAt: now - 2_000 });
    const young = await make({ priority: 5, createdAt: now - 1_000 });
    const urgent = await make({ priority: 10, createdAt: now });
    const idle = await make({ priority: 1, createdAt: now - 9_000 });
    await createTask(open());
    const order = [urgent, old, young, idle].map(({ taskId }) => taskId);
    expect(await open().readyHead(workspace, 10)).toEqual(order);
    expect(await open().readyHead(workspace, 2)).toEqual(order.slice(0, 2));
    await apply(open(), urgent, claim());
    expect(await open().readyHead(workspace, 10)).toEqual(order.slice(1));
  });

  it("tells since when a ready task waits: a retry since it may run again, though its place is by its age", async () => {
    const workspace = newWorkspace();
    const retried = await createTask(open(), { workspace, createdAt: now - 9_000, allowedAt: now - 1_000 });
    const young = await createTask(open(), { workspace, createdAt: now - 5_000 });
    const ready = (await open().readyAfter(beginningOf(workspace), 2)).map(({ position: _, ...rest }) => rest);
    expect(ready).toEqual([
      { taskId: retried.taskId, workspace, waitsSince: now - 1_000 },
      { taskId: young.taskId, workspace, waitsSince: now - 5_000 },
    ]);
  });

  it("lists the ready tasks of all workspaces, one workspace after the other, from any position on", async () => {
    const [one, two] = [newWorkspace(), newWorkspace()];
    const made = [
      await createTask(open(), { workspace: one, priority: 1 }),
      await createTask(open(), { workspace: two }),
      await createTask(open(), { workspace: one, priority: 9 }),
    ];
    const mine = new Set(made.map(({ taskId }) => taskId));
    const all = (await open().readyAfter("", 1_000)).filter(({ taskId }) => mine.has(taskId));
    const ofOne = all.filter(({ workspace }) => workspace === one).map(({ taskId }) => taskId);
    expect(ofOne).toEqual([made[2]?.taskId, made[0]?.taskId]);
    expect(all.map(({ workspace }) => workspace)).not.toEqual([one, two, one]);
    expect(all.map(({ position }) => position)).toEqual(all.map(({ position }) => position).toSorted());
    const [first] = all;
    const behind = await open().readyAfter(first?.position ?? "", 1);
    expect(behind[0]?.position).toBe(
      (await open().readyAfter("", 1_000)).find(({ position }) => position > String(first?.position))?.position,
    );
    expect(await open().readyAfter("~", 10)).toEqual([]);
  });

  it("keeps a task that waits out of the ready index until it is made ready", async () => {
    const workspace = newWorkspace();
    const task = await createTask(open(), { workspace, due: { kind: "ready", at: now + 5_000 } });
    expect(await open().readyHead(workspace, 10)).toEqual([]);
    expect(await open().countDelayed([newWorkspace(), workspace], 1_000)).toEqual({ delayed: 1, isAll: true });
    expect(await open().countDelayed([workspace], 0)).toEqual({ delayed: 0, isAll: false });
    expect(await waiting("ready", now + 4_999)).not.toContain(task.taskId);
    expect(await waiting("ready", now + 5_000)).toContain(task.taskId);
    expect(await open().dueTasks("outcome", now + 5_000, 1_000)).not.toContain(task.taskId);
    await open().makeReady(task);
    expect(await open().readyHead(workspace, 10)).toEqual([task.taskId]);
    expect(await open().countDelayed([workspace], 1_000)).toMatchObject({ delayed: 0 });
    expect(await open().getTask(task.taskId)).toEqual({ ...task, due: undefined });
  });

  it("holds a ready task back, without a new version", async () => {
    const workspace = newWorkspace();
    const task = await createTask(open(), { workspace });
    const pool = `repository:${newWorkspace()}`;
    expect(await heldIn(pool)).toEqual([]);
    await open().holdBack(task, pool, now + 7_000);
    expect(await heldIn(pool)).toEqual([task.taskId]);
    expect(await open().readyHead(workspace, 10)).toEqual([]);
    expect(await open().getTask(task.taskId)).toEqual({
      ...task,
      due: { kind: "held", at: now + 7_000, pool },
    });
    const held = await open().getTask(task.taskId);
    if (held) await open().makeReady(held);
    expect(await heldIn(pool)).toEqual([]);
    expect(await open().readyHead(workspace, 10)).toEqual([task.taskId]);
  });

  it("lists what waits for a pool as it lists what is ready: workspace after workspace, behind any position", async () => {
    const pool = `repository:${newWorkspace()}`;
    const [a, b] = [newWorkspace(), newWorkspace()].sort((x, y) => (beginningOf(x) < beginningOf(y) ? -1 : 1));
    const make = async (workspace: string | undefined, priority: number) => {
      const task = await createTask(open(), { ...(workspace ? { workspace } : {}), priority });
      await open().holdBack(task, pool, now + 7_000);
      return task.taskId;
    };
    const [last, second, first] = [await make(b, 10), await make(a, 1), await make(a, 9)];
    expect(await heldIn(pool)).toEqual([first, second, last]);
    const [at] = await open().heldAfter(pool, "", 1);
    expect(at).toMatchObject({ taskId: first, workspace: a });
    const behind = await open().heldAfter(pool, at?.position ?? "", 1);
    expect(behind.map(({ taskId }) => taskId)).toEqual([second]);
  });

  it("keeps a task that is held back apart from those that are delayed, and in its pool whatever is written of it", async () => {
    const workspace = newWorkspace();
    const pool = `repository:${newWorkspace()}`;
    const task = await createTask(open(), { workspace });
    await open().holdBack(task, pool, now + 7_000);
    expect(await open().countDelayed([workspace], 1_000)).toMatchObject({ delayed: 0 });
    expect(await waiting("ready", now + 7_000)).not.toContain(task.taskId);
    expect(await waiting("held", now + 7_000)).toContain(task.taskId);
    const held = (await open().getTask(task.taskId)) ?? task;
    const edited = await apply(open(), held, { type: "edited", priority: 9, fields: ["priority"] });
    expect(edited.due).toEqual(held.due);
    expect(await heldIn(pool)).toEqual([task.taskId]);
    await apply(open(), edited, kill);
    expect(await heldIn(pool)).toEqual([]);
  });

  it("postpones what is owed, unless the task has changed", async () => {
    const workspace = newWorkspace();
    const waiting = await createTask(open(), { workspace, publishOutcome: "unresolved" });
    const killed = await apply(open(), waiting, kill);
    const at = (killed.due?.at ?? 0) + 50_000;
    await open().postpone(killed, at);
    expect((await open().getTask(killed.taskId))?.due).toEqual({ kind: "outcome", at });
    await apply(open(), killed, { type: "outcome_resolved", outcome: "not_pushed", takeBack: false });
    await open().postpone(killed, at + 1);
    expect((await open().getTask(killed.taskId))?.due).toBeUndefined();
  });

  it("leaves a task that has changed meanwhile as it is", async () => {
    const task = await createTask(open(), { due: { kind: "ready", at: now } });
    const killed = await apply(open(), task, kill);
    await open().makeReady(task);
    await open().holdBack(task, "repository:any", now + 1);
    expect(await open().getTask(task.taskId)).toEqual(killed);
    expect(await open().readyHead(task.workspace, 10)).toEqual([]);
  });

  it("lists what is owed in the order of its time", async () => {
    const times = [30, 10, 20];
    const made = await Promise.all(
      times.map((ms) => createTask(open(), { status: "killed", due: { kind: "outcome", at: now - 1_000_000 + ms } })),
    );
    const mine = new Set(made.map(({ taskId }) => taskId));
    const listed = (await open().dueTasks("outcome", now - 900_000, 1_000)).filter((taskId) => mine.has(taskId));
    expect(listed).toEqual([made[1], made[2], made[0]].map((task) => task?.taskId));
  });

  it("lists what waits minute by minute, in each workspace after workspace, in each by time; from any position on", async () => {
    const minute = Math.floor(now / 60_000) * 60_000 - 600_000;
    const [one, two] = [newWorkspace(), newWorkspace()].sort((a, b) => (beginningOf(a) < beginningOf(b) ? -1 : 1));
    if (!one || !two) throw new Error("no workspace");
    const make = (workspace: string, at: number) => createTask(open(), { workspace, due: { kind: "ready", at } });
    const made = [
      await make(two, minute + 1),
      await make(one, minute + 30),
      await make(one, minute + 20),
      await make(one, minute - 1),
      await make(one, minute + 60_000),
    ];
    const ids = made.map(({ taskId }) => taskId);
    const list = async (after: string, until: number) =>
      (await open().waitingAfter("ready", after, until, 1_000)).filter(({ taskId }) => ids.includes(taskId));
    const all = await list("", minute);
    expect(all.map(({ taskId }) => taskId)).toEqual([3, 2, 1, 0].map((n) => ids[n]));
    expect(all.map(({ at, workspace }) => ({ at, workspace }))).toEqual([
      { at: minute - 1, workspace: one },
      { at: minute + 20, workspace: one },
      { at: minute + 30, workspace: one },
      { at: minute + 1, workspace: two },
    ]);
    expect(await list(all[1]?.position ?? "", minute)).toEqual(all.slice(2));
    expect(await list(behindNeighbours(all[1]?.position ?? ""), minute)).toEqual(all.slice(3));
    expect(await list("", minute + 60_000)).toHaveLength(5);
    expect(await open().waitingAfter("ready", all[0]?.position ?? "", minute, 1)).toHaveLength(1);
  });

  it("lists a workspace newest first, page by page, without a gap", async () => {
    const workspace = newWorkspace();
    const made: Task[] = [];
    for (let n = 0; n < 5; n += 1) made.push(await createTask(open(), { workspace }));
    const newestFirst = made
      .map(({ taskId }) => taskId)
      .sort()
      .reverse();
    const seen: string[] = [];
    let before: Task["taskId"] | undefined;
    do {
      const page = await open().listTasks(workspace, { limit: 2, ...(before ? { before } : {}) });
      seen.push(...page.tasks.map(({ taskId }) => taskId));
      before = page.next;
    } while (before);
    expect(seen).toEqual(newestFirst);
  });

  it("lists by phase, through claim, put-back and end, and the oldest of those that wait", async () => {
    const workspace = newWorkspace();
    const made = await Promise.all([1, 2, 3].map(() => createTask(open(), { workspace })));
    const [first, ...others] = made.sort((a, b) => (a.taskId < b.taskId ? -1 : 1));
    if (!first) throw new Error("no task");
    const idsOf = async (phase: Phase) =>
      (await open().listTasks(workspace, { limit: 10, phase })).tasks.map(({ taskId }) => taskId).sort();
    const waiting = others.map(({ taskId }) => taskId);
    const claimed = await apply(open(), first, claim());
    expect([await idsOf("live"), await idsOf("queued")]).toEqual([[first.taskId], waiting]);
    const back = await apply(open(), claimed, { type: "put_back", why: "no room", notBefore: now });
    expect([await idsOf("live"), await idsOf("queued")]).toEqual([[], [first.taskId, ...waiting]]);
    await apply(open(), back, kill);
    expect([await idsOf("killed"), await idsOf("live"), await idsOf("queued")]).toEqual([[first.taskId], [], waiting]);
    const oldest = async (limit: number, after?: TaskId) =>
      (await open().oldestQueued(workspace, limit, after)).map(({ taskId }) => taskId);
    expect(await oldest(1)).toEqual(waiting.slice(0, 1));
    expect(await oldest(5, waiting[0])).toEqual(waiting.slice(1));
  });

  it("three that run are one page, whatever number waits before and behind them", async () => {
    const workspace = newWorkspace();
    const queue = (many: number) => Promise.all(Array.from({ length: many }, () => createTask(open(), { workspace })));
    await queue(30);
    const running = await Promise.all((await queue(3)).map((task) => apply(open(), task, claim())));
    await queue(30);
    const newestFirst = running
      .map(({ taskId }) => taskId)
      .sort()
      .reverse();
    const page = await open().listTasks(workspace, { limit: 25, phase: "live" });
    expect([page.tasks.map(({ taskId }) => taskId), page.next]).toEqual([newestFirst, undefined]);
    const waiting = await open().listTasks(workspace, { limit: 25, phase: "queued" });
    expect([waiting.tasks.length, waiting.next]).toEqual([25, waiting.tasks.at(-1)?.taskId]);
    expect(await open().oldestQueued(workspace, 10)).toHaveLength(10);
  });

  it("reads events after a version, in order, up to a limit", async () => {
    let task = await createTask(open());
    for (let n = 0; n < 4; n += 1) task = await apply(open(), task, { type: "edited", priority: n + 1, fields: [] });
    const versions = (await open().listEvents(task.taskId, 2, 2)).map(({ version }) => version);
    expect(versions).toEqual([3, 4]);
  });

  it("reads the events of a workspace from a moment on, oldest first", async () => {
    const workspace = newWorkspace();
    const [first, second] = [await createTask(open(), { workspace }), await createTask(open(), { workspace })];
    await apply(open(), first, kill);
    const feed = await open().listFeed(workspace, { at: now }, now, 10);
    expect(feed).toHaveLength(3);
    expect(feed.map(({ taskId }) => taskId)).toEqual(expect.arrayContaining([first.taskId, second.taskId]));
    expect(await open().listFeed(workspace, { at: now }, now, 2)).toEqual(feed.slice(0, 2));
    const behind = { at: now, eventId: feed[1]?.eventId };
    expect(await open().listFeed(workspace, behind, now, 10)).toEqual(feed.slice(2));
    expect(await open().listFeed(workspace, { at: now + 1 }, now + 1, 10)).toEqual([]);
    expect(await open().listFeed(newWorkspace(), { at: now }, now, 10)).toEqual([]);
  });
}
