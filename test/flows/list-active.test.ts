// What is shown of a workspace where more runs and waits than there is room for?
import { expect, it } from "vitest";
import type { Cloud } from "../../functions/core/cloud.ts";
import type { Table } from "../../functions/core/table.ts";
import type { Task } from "../../functions/core/task.ts";
import { listActive } from "../../functions/flows/list-active.ts";
import { apply, claim, createTask, newWorkspace } from "../contract/support.ts";
import { MemoryTable } from "../simulation/cloud/memory-table.ts";
import { makeAsync, methodsOf } from "../simulation/cloud/sync.ts";
import { now } from "../support/make-task.ts";

const newTable = () => makeAsync<Table>(new MemoryTable(() => now), methodsOf(MemoryTable));
const look = async (table: Table, workspace: string, limit: number) => {
  const { tasks, complete } = await listActive({ table } as Cloud, workspace, limit);
  return { ids: tasks.map(({ taskId }) => taskId), complete };
};

async function open() {
  const [table, workspace] = [newTable(), newWorkspace()];
  const made: Task[] = [];
  for (let n = 0; n < 5; n += 1) made.push(await createTask(table, { workspace }));
  const [a, b, ...waiting] = made.sort((x, y) => (x.taskId < y.taskId ? -1 : 1));
  if (!a || !b) throw new Error("no tasks");
  const live = [await apply(table, a, claim()), await apply(table, b, claim())];
  const idsOf = (tasks: Task[]) => tasks.map(({ taskId }) => taskId).reverse();
  return { table, workspace, live, order: [...idsOf(live), ...idsOf(waiting)] };
}

it.each([
  1, 2, 3, 4, 5, 6,
])("of two that run and three that wait, %i: those that run first, and whether that is all", async (limit) => {
  const { table, workspace, order } = await open();
  expect(await look(table, workspace, limit)).toEqual({ ids: order.slice(0, limit), complete: limit >= 5 });
});

it("those that run are all there is when nothing waits, although there is no room for more", async () => {
  const [table, workspace] = [newTable(), newWorkspace()];
  const { taskId } = await apply(table, await createTask(table, { workspace }), claim());
  expect(await look(table, workspace, 1)).toEqual({ ids: [taskId], complete: true });
});

it("one that is put back between the two reads is told once", async () => {
  const { table, workspace, live, order } = await open();
  let reads = 0;
  const racing: Table = {
    ...table,
    async listTasks(...page) {
      const [first] = live;
      if (reads === 1 && first) await apply(table, first, { type: "put_back", why: "no room", notBefore: now });
      reads += 1;
      return table.listTasks(...page);
    },
  };
  expect(await look(racing, workspace, 10)).toEqual({ ids: order, complete: true });
});
