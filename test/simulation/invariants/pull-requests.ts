// Is a pull request opened for what was published and wanted, for nothing else, and is it known in the end?
import { isFenced } from "../../../functions/core/switches.ts";
import type { Task } from "../../../functions/core/task.ts";
import type { Row } from "../cloud/memory-table.ts";
import type { Stage } from "../stage.ts";

const ownerOf = ({ table }: Stage, head: string): Row | undefined =>
  [...table.rows.values()].find(({ task }) => head === task.branch);

/** Before it is opened. */
export function watchPullRequest(stage: Stage, head: string): void {
  const row = ownerOf(stage, head);
  if (row?.task.status !== "completed" || row.task.publishOutcome !== "pushed" || !row.spec.pullRequest)
    stage.world.fail("pull_request_unwanted", `one is opened from ${head}, whose task is ${row?.task.status}`);
}

export function checkPullRequest(stage: Stage, { task, spec, events }: Row): void {
  const { world, pullRequests, refusedHeads, table } = stage;
  // Without changes of its own, what an earlier attempt pushed is nobody's wish any more.
  if (!spec.pullRequest || task.status !== "completed" || task.noChanges) return;
  const { branch = "", pullRequest, taskId } = task;
  const number = pullRequests.get(branch);
  const isWanted = !isFenced(task, table.getSwitches(task)) && !refusedHeads.has(branch);
  const state: NonNullable<Task["pullRequest"]>["state"] = pullRequest?.state ?? "wanted";
  if (state !== "open" && (state !== "failed" || isWanted))
    world.fail("pull_request_lost", `the pull request of ${taskId} is ${state}, and nobody has refused it`);
  if (pullRequest?.state === "open" && pullRequest.number !== number)
    world.fail("pull_request_false", `${taskId} names pull request ${pullRequest.number}, and there is ${number}`);
  const times = events.filter(({ type }) => type === "pull_request_opened").length;
  if (times > 1) world.fail("pull_request_twice", `${times} events say that the pull request of ${taskId} is open`);
}
