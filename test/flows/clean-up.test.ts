// What does the audit log say of a kill: which attempt, which agent, which sandbox?
import { expect, it } from "vitest";
import { agentIdOf } from "../../functions/core/ids.ts";
import { recordCleanup } from "../../functions/flows/clean-up.ts";
import { killTask } from "../../functions/flows/kill-task.ts";
import { apply, claim, createTask } from "../contract/support.ts";
import { MemoryTable } from "../simulation/cloud/memory-table.ts";
import { now } from "../support/make-task.ts";
import { openMemoryCloud, startClock } from "../support/memory-cloud.ts";

it("a kill names its agent, and the stop that is confirmed later names the sandbox; one that waited had neither", async () => {
  const cloud = openMemoryCloud(new MemoryTable(() => now), { clock: startClock(now) });
  const { table } = cloud;
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
