// Does the search for work meet every workspace that has some, once, and read no more than it must?
import { describe, expect, it } from "vitest";
import { positionOf, type ReadyWorkspace } from "../../functions/core/ready-order.ts";
import type { Table } from "../../functions/core/table.ts";
import type { Task } from "../../functions/core/task.ts";
import { readyWorkspaces } from "../../functions/flows/ready-workspaces.ts";
import { makeCreation } from "../contract/support.ts";
import { MemoryTable } from "../simulation/cloud/memory-table.ts";
import { makeAsync, methodsOf } from "../simulation/cloud/sync.ts";
import { now } from "../support/make-task.ts";

/** `sizes`: how many ready tasks each workspace has. */
function open(sizes: Record<string, number>) {
  const memory = new MemoryTable(() => now);
  for (const [workspace, size] of Object.entries(sizes)) {
    if (size === 0) memory.workspaces.add(workspace);
    for (let n = 0; n < size; n += 1) memory.createTask(makeCreation({ workspace, createdAt: now + n }));
  }
  const table = makeAsync<Table>(memory, methodsOf(MemoryTable));
  let requests = 0;
  const counted: Table = {
    ...table,
    readyAfter(...args) {
      requests += 1;
      return table.readyAfter(...args);
    },
  };
  const find = (random: number) => readyWorkspaces({ table: counted, ids: { random: () => random } as never });
  const all = async (random = 0.5) => {
    requests = 0;
    const found: ReadyWorkspace[] = [];
    for await (const one of find(random)) found.push(one);
    return { found, names: found.map(({ workspace }) => workspace), requests };
  };
  return { memory, find, all, requests: () => requests };
}

const many = (count: number, size: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`team-${n}`, size]));

describe("workspaces with ready work", () => {
  it("are found with one request while all that is ready fits in a page, however many idle ones there are", async () => {
    const { all, memory } = open({ ...many(3_000, 0), a: 2, b: 1 });
    const { names, requests, found } = await all();
    expect(names.toSorted()).toEqual(["a", "b"]);
    expect(requests).toBe(1);
    expect(found.find(({ workspace }) => workspace === "a")?.head).toEqual(memory.readyHead("a", 10));
  });

  it.each([
    ["many with little", many(250, 1)],
    ["many with more than is looked at of one", many(40, 15)],
    ["some with long queues among others", { ...many(60, 3), long: 400, longer: 900 }],
    ["as many as fill a page to the last place", many(100, 1)],
    ["a single one with a page full", { only: 100 }],
  ])("are each met once, with the first of their tasks, wherever the search begins: %s", async (_name, sizes) => {
    const { all, memory } = open(sizes);
    for (const random of [0, 0.1, 0.5, 0.77, 0.999999]) {
      const { found, names } = await all(random);
      expect(names.toSorted()).toEqual(Object.keys(sizes).toSorted());
      for (const { workspace, head } of found) {
        expect(head.slice(0, 10)).toEqual(memory.readyHead(workspace, 10));
      }
    }
  });

  it("that have long queues cost no more than the others", async () => {
    const { all } = open({ a: 1_000, b: 1_000, c: 1_000 });
    expect((await all()).requests).toBeLessThanOrEqual(7);
  });

  it("are read no further than they are asked for", async () => {
    const { find, all, requests } = open(many(1_000, 1));
    let met = 0;
    for await (const _one of find(0.3)) {
      met += 1;
      if (met === 5) break;
    }
    expect(requests()).toBe(2);
    expect((await all()).requests).toBeGreaterThan(10);
  });

  it.each([
    ["few", 8],
    ["many", 150],
  ])("come first about equally often, whatever their names are: %s", async (_name, count) => {
    const { find } = open(many(count, 1));
    const firsts = new Map<string, number>();
    const rounds = count * 40;
    for (let n = 0; n < rounds; n += 1) {
      for await (const { workspace } of find((n + 0.5) / rounds)) {
        firsts.set(workspace, (firsts.get(workspace) ?? 0) + 1);
        break;
      }
    }
    // Of places spread by chance some lie far behind the one before; none may be out of reach, and none take it all.
    expect(firsts.size).toBeGreaterThan(count * 0.8);
    expect(Math.max(...firsts.values()) / rounds).toBeLessThan(Math.max(0.2, 12 / count));
  });
});

it("positions sort as the queue should run: workspace by workspace, priority 10 first, then the oldest", () => {
  const task = (over: Partial<Task>) => makeCreation({ workspace: "w", ...over }).task;
  const [first, second, third] = [
    task({ priority: 10, createdAt: now }),
    task({ priority: 5, createdAt: now - 1 }),
    task({ priority: 5, createdAt: now }),
  ];
  const positions = [third, first, second].map(positionOf).sort();
  expect(positions).toEqual([first, second, third].map(positionOf));
});
