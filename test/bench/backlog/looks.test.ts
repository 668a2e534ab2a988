// What does it take to find the few that run behind a long queue? No more than there are of them, and one.
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { TaskId } from "../../../functions/core/ids.ts";
import { makeRepository } from "../stack/make-repository.ts";
import { startRememberingRemote } from "../stack/remembering-remote.ts";
import { looks, pageSize, readSnapshot, runOldest } from "./looks.ts";
import { type Backlog, chooseDisk, openBacklog, startServices } from "./open-tables.ts";

interface Shown {
  taskId: TaskId;
  taskStatus?: string;
  status: string;
}

const size = 1_000;
const home = mkdtempSync(join(chooseDisk([size]), "drover-looks-"));
const closers: (() => Promise<void>)[] = [];
let backlog: Backlog;
let running: TaskId[];
beforeAll(async () => {
  await startServices(home, closers);
  const remote = await startRememberingRemote(makeRepository(join(home, "repository")));
  closers.push(remote.close);
  backlog = await openBacklog("looked-at", size, remote.url);
  await runOldest(backlog);
  running = (await backlog.cloud.table.heldSlots("global"))
    .map(({ holder }): TaskId => `tsk_${holder.slice(4, 30)}`)
    .sort()
    .reverse();
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
  rmSync(home, { recursive: true, force: true });
});

async function look<T>(path: string): Promise<T & { indexEntries: number }> {
  backlog.takeReads();
  const answer = (await (await backlog.ask("GET", path)).json()) as T;
  return { ...answer, indexEntries: backlog.takeReads().indexEntries };
}
/** In pages, to the last of them. */
async function listQueued(): Promise<TaskId[]> {
  const seen: TaskId[] = [];
  for (let cursor: string | undefined = ""; cursor !== undefined; ) {
    const behind: string = cursor && `&cursor=${cursor}`;
    const next: { tasks: Shown[]; nextCursor?: string } = await look(`/tasks?limit=100&status=queued${behind}`);
    seen.push(...idsOf(next.tasks));
    cursor = next.nextCursor;
  }
  return seen;
}
const idsOf = (shown: Shown[]) => shown.map(({ taskId }) => taskId);

it("a page of those that run holds all three at once, and reads no entry of what waits", async () => {
  const page = await look<{ tasks: Shown[]; nextCursor?: string }>(`/tasks?limit=${pageSize}&status=running`);
  expect(idsOf(page.tasks)).toEqual(running);
  expect([page.nextCursor, page.indexEntries]).toEqual([undefined, running.length]);
});

it("a page of those that wait reads one entry more than it shows, and goes on to the last of them", async () => {
  const page = await look<{ tasks: Shown[] }>(`/tasks?limit=${pageSize}&status=queued`);
  expect([page.tasks.length, page.indexEntries]).toEqual([pageSize, pageSize + 1]);
  const seen = await listQueued();
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen).toHaveLength(size + 1 - running.length);
});

it("a page that no task of the last ones is on is empty, and says where to go on", async () => {
  const page = await look<{ tasks: Shown[]; nextCursor?: string }>("/tasks?limit=1&label=nobody");
  expect([page.tasks, page.indexEntries]).toEqual([[], 303]);
  expect(page.nextCursor).toMatch(/^tsk_/);
});

it.each([
  1, 7, 100,
])("tasks of one priority are met once each, in pages of %i, although more are read at once", async (limit) => {
  const seen: TaskId[] = [];
  let cursor: string | undefined = "";
  for (let n = 0; n < 4 && cursor !== undefined; n += 1) {
    const behind: string = cursor && `&cursor=${cursor}`;
    const page: { tasks: Shown[]; nextCursor?: string } = await look(`/tasks?limit=${limit}&priority=5${behind}`);
    seen.push(...idsOf(page.tasks));
    cursor = page.nextCursor;
  }
  const { tasks } = await backlog.cloud.table.listTasks("default", { limit: 4 * limit });
  expect(seen).toEqual(idsOf(tasks));
});

it("the agents that run are listed before those that wait", async () => {
  const { agents, indexEntries } = await look<{ agents: Shown[] }>("/agents?limit=10");
  expect(idsOf(agents.slice(0, 3))).toEqual(running);
  expect(agents.map(({ taskStatus }) => taskStatus)).toEqual([
    ...Array.from({ length: 3 }, () => "running"),
    ...Array.from({ length: 7 }, () => "queued"),
  ]);
  expect(indexEntries).toBe(11);
  expect(idsOf((await look<{ agents: Shown[] }>("/agents?limit=2")).agents)).toEqual(running.slice(0, 2));
});

it("the first picture of a fleet begins with those that run, and says that it is not all", async () => {
  backlog.takeReads();
  const [, data = ""] = /^event: snapshot\ndata: (.*)$/m.exec(await readSnapshot(backlog)) ?? [];
  const { tasks, complete } = JSON.parse(data) as { tasks: Shown[]; complete: boolean };
  expect(idsOf(tasks.slice(0, 3))).toEqual(running);
  expect([tasks.length, complete, backlog.takeReads().indexEntries]).toEqual([1_000, false, 1_001]);
});

it("whatever a look claims and ends, as many wait after it as before", async () => {
  const before = await listQueued();
  const looksThatClaim = looks.filter(({ prepare, tidy }) => prepare ?? tidy);
  expect(looksThatClaim).toHaveLength(2);
  for (const { prepare, act, tidy } of looksThatClaim) {
    const takeAway = await prepare?.(backlog);
    await tidy?.(backlog, await act(backlog));
    await takeAway?.();
  }
  const after = await listQueued();
  expect(new Set(after).size).toBe(before.length);
  expect(before.filter((taskId) => !after.includes(taskId))).toHaveLength(4);
});
