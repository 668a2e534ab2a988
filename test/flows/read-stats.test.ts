// What do the counts say when more tasks are delayed than are looked at?
import { expect, it } from "vitest";
import { readStats } from "../../functions/flows/read-stats.ts";
import { makeCreation } from "../contract/support.ts";
import { MemoryTable } from "../simulation/cloud/memory-table.ts";
import { now } from "../support/make-task.ts";
import { openMemoryCloud } from "../support/memory-cloud.ts";

it("of more delayed tasks than are looked at they say at least how many, and no task is left out of the sum", async () => {
  const memory = new MemoryTable(() => now);
  const cloud = openMemoryCloud(memory);
  for (const workspace of ["crowd", "crowd", "crowd", "few"])
    memory.createTask(makeCreation({ workspace, due: { kind: "ready", at: now + 60_000 } }));
  memory.createTask(makeCreation({ workspace: "few", due: { kind: "ready", at: now + 90_000 } }));
  const all = await readStats(cloud, ["few"]);
  expect(all).toMatchObject({ queued: 0, delayed: 2 });
  expect(all).not.toHaveProperty("moreDelayed");
  expect(await readStats(cloud, ["few"], 4)).toMatchObject({ queued: 1, delayed: 1, moreDelayed: true });
  expect(await readStats(cloud, ["few", "crowd"], 4)).toMatchObject({ queued: 1, delayed: 4, moreDelayed: true });
});
