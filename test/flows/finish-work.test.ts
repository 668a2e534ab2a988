// A supervisor's word gets lost, is said again, and comes after all when much has happened since: whom does it harm?
import { expect, it } from "vitest";
import { agentIdOf } from "../../functions/core/ids.ts";
import { rejectWork, reportConflict, reportWork } from "../../functions/flows/finish-work.ts";
import { apply, claim, createTask } from "../contract/support.ts";
import { MemoryTable } from "../simulation/cloud/memory-table.ts";
import { now } from "../support/make-task.ts";
import { openMemoryCloud, startClock } from "../support/memory-cloud.ts";

/** An agent at work, and what its supervisor may say. */
async function open() {
  const memory = new MemoryTable(() => now);
  const cloud = openMemoryCloud(memory, { clock: startClock(now) });
  const { table } = cloud;
  const claimed = await apply(table, await createTask(table), claim());
  const { taskId } = await apply(table, claimed, { type: "started", leaseMs: 90_000, limitMs: 900_000 });
  const agentId = agentIdOf(taskId, 1);
  const caller = { agentId, token: cloud.tokenOf(agentId) };
  const size = { files: 1, additions: 1, deletions: 0 };
  return {
    report: (digit: string, round?: number) =>
      reportWork(cloud, caller, { commit: digit.repeat(40), ...size, ...(round && { round }) }),
    reject: (rejection: number, round: number, by: "gates" | "message" = "gates") =>
      rejectWork(cloud, caller, { by, why: "not yet", rejection, round }),
    conflict: (conflict: number) => reportConflict(cloud, caller, { paths: ["a"], conflict }),
    kill: () => apply(table, task(), { type: "killed", reason: "enough", by: "key_1", cause: "kill" }),
    task,
  };
  function task() {
    const found = memory.getTask(taskId);
    if (!found) throw new Error("no task");
    return found;
  }
}

it("a report that arrives again after its work was sent back changes nothing, and the next one is taken", async () => {
  const { report, reject, conflict, task } = await open();
  await report("1", 1);
  await reject(1, 1);
  const { version } = task();
  expect(await report("1", 1)).toMatchObject({ status: "running" });
  expect(task()).toMatchObject({ version, status: "running" });
  expect(await report("2", 2)).toMatchObject({ status: "verifying", commit: "2".repeat(40) });
  await conflict(1);
  for (const [digit, round] of [["1", 1] as const, ["2", 2] as const]) await report(digit, round);
  expect(task()).toMatchObject({ version: version + 2, status: "running" });
  // The same commit again, where an agent has found nothing to mend: it is another round.
  expect(await report("2", 3)).toMatchObject({ status: "verifying", rounds: 3 });
});

it.each<[string, (said: Awaited<ReturnType<typeof open>>) => Promise<unknown>]>([
  ["rejection", ({ reject }) => reject(1, 1)],
  ["conflict", ({ conflict }) => conflict(1)],
  ["word of an unheard message", ({ reject }) => reject(0, 1, "message")],
])("a %s that arrives again does not send back what was made since", async (_word, say) => {
  const said = await open();
  await said.report("1", 1);
  await say(said);
  expect(said.task().status).toBe("running");
  await said.report("2", 2);
  const { version } = said.task();
  expect(await say(said)).toMatchObject({ version, status: "verifying", commit: "2".repeat(40) });
});

it("a supervisor of an older version does not count its reports, and is understood", async () => {
  const { report, reject, task } = await open();
  for (let time = 0; time < 2; time += 1) await report("1");
  expect(task()).toMatchObject({ status: "verifying", rounds: 1 });
  await reject(1, 1);
  expect(await report("2")).toMatchObject({ status: "verifying", commit: "2".repeat(40) });
});

it("a report that is repeated after the end is refused, so that its supervisor leaves", async () => {
  const { report, kill } = await open();
  await report("1", 1);
  await kill();
  await expect(report("1", 1)).rejects.toMatchObject({ code: "task_ended" });
});
