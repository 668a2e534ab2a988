// Is what the table says about a push what the remote knows about it?
import type { AuditEvent } from "../../../functions/core/audit.ts";
import type { Task } from "../../../functions/core/task.ts";
import type { Row } from "../cloud/memory-table.ts";
import type { Stage } from "../stage.ts";

/** How long one round of the reaper takes at most. */
const roundMs = 40_000;

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

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** People hear of what is owed for a day: then, not before, and once; it is asked in time to be known soon after the remote speaks. */
export function watchOverdue(
  { world }: Stage,
  { taskId, updatedAt, due, outcomeOverdue }: Task,
  event: AuditEvent,
): void {
  if (due?.kind !== "outcome" && due?.kind !== "branch") return;
  const owedMs = event.at - updatedAt;
  if (event.type === "outcome_overdue" && (outcomeOverdue || owedMs < dayMs))
    world.fail("overdue_too_early", `${taskId} is called overdue after ${owedMs} ms`);
  if (event.type === "outcome_overdue" || event.type === "cleanup") return;
  const latestMs = dayMs + hourMs + world.swarm.reapEveryMs + roundMs;
  if (!outcomeOverdue && owedMs > latestMs)
    world.fail("overdue_untold", `nobody was told of ${taskId}, which owed its ${due.kind} for ${owedMs} ms`);
  const { faultsEndMs, reapersBackMs, soundFromMs } = world.swarm;
  const epochMs = world.trueTime - world.now;
  const silentMs = event.at - Math.max(updatedAt, epochMs + Math.max(faultsEndMs, reapersBackMs, soundFromMs));
  if (silentMs > hourMs + 2 * world.swarm.reapEveryMs + roundMs)
    world.fail("outcome_slow", `${taskId} learned of its ${due.kind} ${silentMs} ms after its remote spoke again`);
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

/** At the end: of what nobody wants, no branch stands at a commit of ours, and the event says who has removed it. */
export function checkTakenBack({ remote, world }: Stage, { task, events }: Row): void {
  if (task.status === "completed") return;
  const { taskId } = task;
  for (const { branch, commit, taskId: its } of remote.pushes)
    if (its === taskId && remote.branches.get(branch) === commit)
      world.fail("branch_left", `${branch} stands at ${commit}, and ${taskId} is ${task.status}`);
  const told = events.find(({ type }) => type === "branch_taken_back");
  const isFree = !remote.branches.has(task.branch ?? "");
  if (told && told.data.deleted !== isFree)
    world.fail("branch_false", `${task.branch} is said to be ${told.data.deleted ? "" : "not "}gone`);
}
