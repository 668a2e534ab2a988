import { expect, it } from "vitest";
import { shareLooks } from "../../functions/api/share-looks.ts";
import type { AuditEvent } from "../../functions/core/audit.ts";
import type { Table } from "../../functions/core/table.ts";
import { now as createdAt, createTask, newWorkspace } from "../contract/support.ts";
import { MemoryTable } from "../simulation/cloud/memory-table.ts";
import { makeAsync, methodsOf } from "../simulation/cloud/sync.ts";

const settings = { pageSize: 5, overlapMs: 15_000, sharedMs: 250 };

/** A workspace in which so many tasks were created a second ago; whatever is asked of its feed is written down. */
async function open(tasks: number) {
  let now = createdAt + 1_000;
  let isDown = false;
  const table = makeAsync<Table>(new MemoryTable(() => now), methodsOf(MemoryTable));
  const workspace = newWorkspace();
  for (let n = 0; n < tasks; n += 1) await createTask(table, { workspace });
  const looks: number[] = [];
  const listFeed: Table["listFeed"] = async (name, from, until, limit) => {
    looks.push(from.at);
    if (isDown) throw new Error("the table is not there");
    return table.listFeed(name, from, until, limit);
  };
  const cloud = { clock: { now: () => now, sleep: async () => undefined }, table: { ...table, listFeed } };
  const look = shareLooks(settings);
  return {
    looks,
    look: async (from: number) => {
      const { pages, at } = await look(cloud, workspace, from);
      const events: AuditEvent[] = [];
      for await (const page of pages) events.push(...page);
      return { events, at };
    },
    pass(ms: number) {
      now += ms;
    },
    setDown(is: boolean) {
      isDown = is;
    },
  };
}

it("ten viewers who look within a moment read the table once, and each sees what is behind its own position", async () => {
  const { look, looks, pass } = await open(2);
  const seen = await Promise.all(Array.from({ length: 10 }, (_, n) => look(n % 2 === 0 ? createdAt : createdAt + 1)));
  expect(seen.map(({ events }) => events.length)).toEqual([2, 0, 2, 0, 2, 0, 2, 0, 2, 0]);
  expect(looks).toHaveLength(1);
  pass(settings.sharedMs - 1);
  expect((await look(createdAt)).at).toBe(createdAt + 1_000);
  pass(1);
  expect((await look(createdAt)).at).toBe(createdAt + 1_000 + settings.sharedMs);
  expect(looks).toHaveLength(2);
});

it("whoever is far behind looks by itself, from where it is", async () => {
  const { look, looks } = await open(1);
  const from = createdAt - 60_000;
  expect((await look(from)).events).toHaveLength(1);
  expect(looks).toEqual([from]);
});

it("in a crowd of events of one moment each viewer looks through all of them, from where it is: none is left out", async () => {
  const { look, looks } = await open(2 * settings.pageSize + 1);
  const { events } = await look(createdAt);
  expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(2 * settings.pageSize + 1);
  expect(looks.slice(-3)).toEqual([createdAt, createdAt, createdAt]);
});

it("a look that failed is nobody's any more", async () => {
  const { look, setDown } = await open(1);
  setDown(true);
  await expect(look(createdAt)).rejects.toThrow("not there");
  setDown(false);
  expect((await look(createdAt)).events).toHaveLength(1);
});
