// Is everything as it must be when a schedule is over? No task lost, no sandbox left, no slot kept, every outcome true.
import { findBreak } from "../../../functions/core/audit.ts";
import { isFinal, type Task } from "../../../functions/core/task.ts";
import type { Row } from "../cloud/memory-table.ts";
import type { Stage } from "../stage.ts";
import { checkFrugal } from "./frugal.ts";
import { checkSaidOnce } from "./heard.ts";
import { checkOutage } from "./launches.ts";
import { checkMessages } from "./messages.ts";
import { checkTakenBack } from "./outcomes.ts";
import { checkPullRequest } from "./pull-requests.ts";
import { checkFirings } from "./schedules.ts";
import { checkTimes } from "./times.ts";

export function checkEnd(stage: Stage, checkHashes: boolean): void {
  const { world, table, ecs } = stage;
  for (const row of table.rows.values()) {
    checkTask(stage, row.task);
    checkEvents(stage, row, checkHashes);
    checkPullRequest(stage, row);
    checkTakenBack(stage, row);
    checkTimes(stage, row);
    checkSaidOnce(stage, row);
  }
  checkMessages(stage);
  checkFirings(stage);
  checkOutage(stage);
  checkFrugal(stage);
  for (const { sandboxArn, agentId } of ecs.alive()) world.fail("orphan", `${sandboxArn} of ${agentId} still runs`);
  for (const [slot, { pool, holder }] of table.slots)
    world.fail(pool === "global" ? "slots_unbalanced" : "slot_leaked", `slot ${slot} is still held by ${holder}`);
  for (const { agentId, taskId } of table.attempts.values()) {
    const events = table.rows.get(taskId)?.events ?? [];
    const isCleanup = ({ type, data }: (typeof events)[number]) =>
      (type === "cleanup" || data.neverLaunched === true) && data.agentId === agentId;
    const times = events.filter(isCleanup).length;
    if (times !== 1) world.fail("cleanup_not_once", `${agentId} was cleaned up ${times} times`);
  }
  for (const operation of table.openOperations())
    world.fail("operation_left", `${operation.operationId} on ${operation.scope} was never finished`);
  for (const [chain, acts] of table.chains) {
    const broken = checkHashes ? findBreak(acts) : undefined;
    if (broken) world.fail("chain_broken", `act ${broken.version} of ${chain}: ${broken.why}`);
  }
  for (const taskId of stage.promised.killed) {
    const status = table.getTask(taskId)?.status;
    if (status !== "killed") world.fail("kill_lost", `${taskId} was said to be killed and is ${status}`);
  }
}

function checkTask(stage: Stage, task: Task): void {
  const { world, judge } = stage;
  const { taskId, status } = task;
  const why = judge.whyOpen(task);
  if (why)
    world.fail(isFinal(status) ? "owed_for_ever" : "task_lost", `${taskId}: ${why}, ${world.now} ms after the start`);
  if (task.publishOutcome === "unresolved")
    world.fail(status === "completed" ? "completed_unresolved" : "outcome_unresolved", `${taskId} is ${status}`);
  const landed = stage.remote.pushes.some((push) => push.taskId === taskId);
  if (landed && !task.publishOutcome)
    world.fail("outcome_forgotten", `${taskId} is ${status}, and a commit of it landed`);
  const how = stage.table.rows.get(taskId)?.events.find(({ to }) => isFinal(to))?.type;
  if (status !== "completed" && !task.stopConfirmation)
    world.fail(how === "expired" ? "expired_unconfirmed" : "stop_unconfirmed", `${taskId} is ${status}`);
  if (task.publishOutcome !== "pushed" || !task.branch) return;
  const at = stage.remote.branches.get(task.branch);
  const isForeign = at !== undefined && !stage.remote.pushes.some(({ commit }) => commit === at);
  // Without changes of its own, what an earlier attempt pushed is what stands there.
  const isWanted = task.noChanges ? (task.permittedCommits ?? []).includes(at ?? "") : at === task.commit;
  if (!isWanted && !isForeign)
    world.fail("receipt_false", `${task.branch} was completed with ${task.commit} and stands at ${at}`);
}

/** Events 1..n without a gap, each from where the one before led, the last one the task's; replaying them is the task. */
function checkEvents({ world }: Stage, { task, events }: Row, checkHashes: boolean): void {
  let previous = events[0];
  for (const event of events.slice(1)) {
    if (event.version !== (previous?.version ?? 0) + 1 || event.from !== previous?.to)
      world.fail("chain_broken", `event ${event.version} of ${task.taskId} does not follow ${previous?.version}`);
    if (event.previousHash !== previous?.hash)
      world.fail("chain_broken", `the hash before event ${event.version} of ${task.taskId} is another`);
    previous = event;
  }
  if (previous?.version !== task.version || previous.to !== task.status || previous.hash !== task.lastEventHash)
    world.fail("chain_broken", `${task.taskId} is not what its last event says`);
  const broken = checkHashes ? findBreak(events) : undefined;
  if (broken) world.fail("chain_broken", `event ${broken.version} of ${task.taskId}: ${broken.why}`);
}
