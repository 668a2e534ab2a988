// A task that has ended badly is asked for again, more than once: how many new tasks are that?
import { expect, it } from "vitest";
import type { ApiKey } from "../../functions/core/table.ts";
import { retryTask } from "../../functions/flows/edit-task.ts";
import { makeCreation } from "../contract/support.ts";
import { MemoryTable } from "../simulation/cloud/memory-table.ts";
import { now } from "../support/make-task.ts";
import { openMemoryCloud, startClock } from "../support/memory-cloud.ts";

const dayMs = 24 * 60 * 60_000;

it("asked for again while its retry still waits it is that one, days later as well", async () => {
  const clock = startClock(now);
  const memory = new MemoryTable(clock.now);
  const cloud = openMemoryCloud(memory, { clock });
  const creation = makeCreation({ status: "failed" });
  memory.createTask(creation);
  const { taskId, workspace } = creation.task;
  const principal: ApiKey = {
    ...{ keyId: "key_1", name: "x", principal: "somebody", secretHash: "", workspace, role: "member", createdAt: now },
  };
  const retry = await retryTask(cloud, taskId, principal);
  expect(retry).toMatchObject({ repeated: false });
  clock.pass(7 * dayMs);
  expect(await retryTask(cloud, taskId, principal)).toMatchObject({ taskId: retry.taskId, repeated: true });
});
