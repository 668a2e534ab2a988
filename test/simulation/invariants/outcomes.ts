// Is what the table says about a push what the remote knows about it?
import type { Task } from "../../../functions/core/task.ts";
import type { Stage } from "../stage.ts";

export function checkOutcome({ remote, world }: Stage, task: Task): void {
  const mine = remote.pushes.filter(({ taskId }) => taskId === task.taskId);
  const landed = mine.length > 0;
  const ours = new Set(mine.map(({ commit }) => commit));
  // What somebody else has put over our commit, nobody can see any more.
  const isThere = mine.some(({ branch }) => ours.has(remote.branches.get(branch) ?? "") || remote.deleted.has(branch));
  const code = remote.deleted.has(task.branch ?? "") ? "outcome_lost_in_delete" : "outcome_false";
  if (task.publishOutcome === "not_pushed" && isThere)
    world.fail(code, `${task.taskId} is called not pushed, and a commit of it landed`);
  if (task.publishOutcome === "pushed_before_stop" && !landed)
    world.fail("outcome_false", `${task.taskId} is called pushed, and nothing of it landed`);
}

export function checkReceipt({ remote, world }: Stage, task: Task): void {
  const mine = remote.pushes.filter(({ taskId }) => taskId === task.taskId);
  if (
    task.publishOutcome === "pushed" &&
    !mine.some((push) => push.branch === task.branch && push.commit === task.commit)
  )
    world.fail("receipt_false", `${task.taskId} is completed with ${task.commit}, which was never pushed`);
  if (task.noChanges && mine.length > 0 && task.due?.kind !== "outcome")
    world.fail("no_changes_but_pushed", `${task.taskId} completed without changes, and an earlier attempt pushed`);
}
