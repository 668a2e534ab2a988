// What does somebody hear whose change of a task comes too late, or asks for what cannot be?
import { expect, it } from "vitest";
import type { Table } from "../../functions/core/table.ts";
import type { Task } from "../../functions/core/task.ts";
import { changeTask } from "../../functions/flows/change-task.ts";
import { editTask } from "../../functions/flows/edit-task.ts";
import { apply, kill, makeCreation } from "../contract/support.ts";
import { MemoryTable } from "../simulation/cloud/memory-table.ts";
import { now } from "../support/make-task.ts";
import { openMemoryCloud, startClock } from "../support/memory-cloud.ts";

/** One queued task. */
function open(over: Partial<Task> = {}) {
  const memory = new MemoryTable(() => now);
  const cloud = openMemoryCloud(memory, { clock: startClock(now) });
  const creation = makeCreation(over);
  memory.createTask(creation);
  return { cloud, memory, taskId: creation.task.taskId };
}

it("concurrent_update names the version that the last of the others has written", async () => {
  const { cloud, memory, taskId } = open();
  const { table } = cloud;
  let others = 0;
  const raced: Table = {
    ...table,
    async commit(change) {
      others += 1;
      await apply(table, memory.getTask(taskId) as Task, {
        type: "edited",
        title: `title ${others}`,
        fields: ["title"],
      });
      return table.commit(change);
    },
  };
  const change = changeTask({ ...cloud, table: raced }, taskId, "key_1", () => ({ event: kill }));
  await expect(change).rejects.toMatchObject({ code: "concurrent_update", details: { currentVersion: 4 } });
  expect(memory.getTask(taskId)).toMatchObject({ version: 4, title: "title 3", status: "queued" });
});

it("a task that waits for another attempt cannot be given fewer than it has used: that attempt would come all the same", async () => {
  const { cloud, memory, taskId } = open({ attempt: 2, attemptsUsed: 2 });
  const edit = (maxAttempts: number) => editTask(cloud, taskId, "key_1", { version: 1, maxAttempts });
  for (const tooFew of [1, 2]) {
    await expect(edit(tooFew)).rejects.toMatchObject({
      code: "invalid_request",
      message: expect.stringContaining("at least 3"),
    });
  }
  expect(memory.getTask(taskId)).toMatchObject({ version: 1, maxAttempts: 3 });
  expect(await edit(4)).toMatchObject({ version: 2, maxAttempts: 4 });
});
