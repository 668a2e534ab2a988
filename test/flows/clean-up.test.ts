// What does the audit log say of a kill: which attempt, which agent, which sandbox?
import { expect, it } from "vitest";
import { hashEvent } from "../../functions/core/audit.ts";
import type { Cloud } from "../../functions/core/cloud.ts";
import { agentIdOf } from "../../functions/core/ids.ts";
import type { Table } from "../../functions/core/table.ts";
import { recordCleanup } from "../../functions/flows/clean-up.ts";
import { killTask } from "../../functions/flows/kill-task.ts";
import { apply, claim, createTask, newEventId } from "../contract/support.ts";
import { MemoryTable } from "../simulation/cloud/memory-table.ts";
import { makeAsync, methodsOf } from "../simulation/cloud/sync.ts";
import { now } from "../support/make-task.ts";

it("a kill names its agent, and the stop that is confirmed later names the sandbox; one that waited had neither", async () => {
  const table = makeAsync<Table>(new MemoryTable(() => now), methodsOf(MemoryTable));
  const cloud = {
    ...{ table, hashEvent, clock: { now: () => now }, ids: { event: newEventId }, settings: { limits: {} } },
    wakeUps: { send: async () => undefined },
    noticeQueue: { send: async () => undefined },
    sandboxes: () => ({ stop: async () => undefined }),
  } as unknown as Cloud;
  const { taskId } = await apply(table, await createTask(table), claim());
  const agentId = agentIdOf(taskId, 1);
  const sandboxArn = "arn:aws:ecs:eu-central-1:000000000000:task/drover/1";
  await table.recordSandbox(agentId, sandboxArn);
  await killTask(cloud, taskId, "key_1", "enough");
  await recordCleanup(cloud, agentId, "stopped");
  const [killed, cleanup] = await table.listEvents(taskId, 2, 9);
  expect(killed?.data).toEqual({ agentId, attempt: 1, cause: "kill", from: "launching", reason: "enough" });
  expect(cleanup?.data).toMatchObject({ agentId, sandboxArn, steps: { sandbox: "stopped" } });

  const waiting = await createTask(table);
  await killTask(cloud, waiting.taskId, "key_1", "enough");
  const [ended] = await table.listEvents(waiting.taskId, 1, 9);
  expect(ended?.data).toEqual({ attempt: 0, cause: "kill", from: "queued", reason: "enough" });
});
