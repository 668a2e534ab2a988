// What fell between the cracks? Every step reads what is overdue from an index or the slots, never the whole table.
import type { Cloud } from "../core/cloud.ts";
import type { OwedKind } from "../core/table.ts";
import type { Task } from "../core/task.ts";
import { keepWatch } from "../core/watch.ts";
import { cleanUp } from "./clean-up.ts";
import { expireOldest } from "./expire-oldest.ts";
import { finishOperations } from "./finish-operations.ts";
import { fireSchedules } from "./fire-schedules.ts";
import { giveUpIfOver } from "./give-up.ts";
import { leaveLaunch, recoverLaunch } from "./launch-attempt.ts";
import { promoteHeld, promoteWaiting } from "./promote-waiting.ts";
import { readyWorkspaces } from "./ready-workspaces.ts";
import { resendNotices } from "./resend-notices.ts";
import { askAgain, resolveOutcome, takeBranchBack } from "./resolve-outcome.ts";
import { askBackend, askQueuesOnce, beginRound, each, type Round, type Step } from "./round.ts";
import { sweepOrphans } from "./sweep-orphans.ts";
import { tellMetrics } from "./tell-metrics.ts";
import { tendBackends } from "./tend-backends.ts";
import { wake } from "./wake.ts";

const batch = 50;
const workspacesLooked = 100;
/** Below the function's own time limit by what the last call of a round may take. */
const roundMs = 90_000;
/** What a step takes at most, and what it leaves at least to each that comes behind it. */
const [stepMs, leastMs] = [20_000, 2_000];
/** What could not be asked for now is asked for again. */
const retryMs = 10_000;

/** By name: what is uploaded to AWS is minified, and a function has no name of its own there. */
const steps = Object.entries<Step>({
  tendBackends,
  finishOperations,
  promoteWaiting,
  promoteHeld,
  expireWaiting,
  expireLeases,
  releaseLeftSlots,
  cleanUpEnded,
  sweepOrphans,
  resendWakeUps,
  resendNotices,
  tellMetrics,
  // Others' servers are asked last: what they take of the round is nobody else's.
  fireSchedules,
  resolveOutcomes,
  takeBranchesBack,
});

/**
 * One round. A step that fails, or has too much to do, does not keep the others from their work; after a failure the
 * round fails, or nobody would see it.
 */
export async function reap(opened: Cloud): Promise<void> {
  const cloud = askQueuesOnce(opened);
  const round = beginRound(cloud);
  const endsAt = cloud.clock.now() + roundMs;
  const failed = new Map<string, unknown>();
  for (const [n, [name, step]] of steps.entries()) {
    const now = cloud.clock.now();
    const leave = (steps.length - 1 - n) * leastMs;
    try {
      await step(cloud, round, Math.max(now + leastMs, Math.min(now + stepMs, endsAt - leave)));
    } catch (error) {
      // Lambda logs of an AggregateError no more than its message.
      console.error(`reaper: ${name} failed; it runs again in the next round`, error);
      failed.set(name, error);
    }
  }
  if (failed.size === 0) return;
  const names = [...failed.keys()].join(", ");
  throw new AggregateError(failed.values(), `The reaper failed in ${names}; the other steps were done.`);
}

/** A host that swallows what it is asked takes its whole time each time. Those not reached are the first of the next round. */
async function eachDue(
  cloud: Cloud,
  kind: OwedKind,
  deadline: number,
  act: (task: Task) => Promise<unknown>,
): Promise<void> {
  const due = await cloud.table.dueTasks(kind, cloud.clock.now(), batch);
  await each(cloud, deadline, due, async (taskId) => {
    const task = await cloud.table.getTask(taskId);
    // The index lags: only a task that still owes this is looked at.
    if (task?.due?.kind === kind) await act(task);
  });
}

/** Of the workspaces with ready work. What is not ready yet will be. */
async function expireWaiting(cloud: Cloud, round: Round, deadline: number): Promise<void> {
  let looked = 0;
  for await (const { workspace } of readyWorkspaces(cloud, round.ready)) {
    await expireOldest(cloud, workspace, round.switches);
    // Others get their turn in the next rounds, which begin elsewhere.
    looked += 1;
    if (looked === workspacesLooked || cloud.clock.now() > deadline) return;
  }
}

/** A kill may commit without giving its slots back when they are contended; their holder has then ended. */
async function releaseLeftSlots(cloud: Cloud, round: Round, deadline: number): Promise<void> {
  const ended = (await round.attempts()).filter(({ endedAt }) => endedAt !== undefined);
  await each(cloud, deadline, ended, async ({ agentId, slots }) => {
    // The global one last: what is left is found by it.
    for (const slot of slots.toReversed()) await cloud.table.releaseSlot(slot, agentId);
  });
}

/** Live attempts are the holders of the slots, so this reads no more than there are slots. */
async function expireLeases(cloud: Cloud, round: Round, deadline: number): Promise<void> {
  const live = (await round.attempts()).filter(({ endedAt }) => endedAt === undefined);
  if (live.length === 0) return;
  const now = cloud.clock.now();
  const hearsAgents = (await cloud.ownApi?.hearsAgents()) ?? true;
  if (!hearsAgents) console.error("reaper: the API hears no agent, so the silence of agents counts for nothing");
  const watch = keepWatch(await cloud.table.getWatch(), cloud.settings.leaseMs, now, hearsAgents);
  // Before anything expires: a round that dies must not be the second look.
  await cloud.table.putWatch(watch);
  await each(cloud, deadline, live, async (attempt) => {
    if (attempt.state === "spawning" && !attempt.sandboxArn) {
      const isAsked = await askBackend(round, attempt.backend, () => recoverLaunch(cloud, attempt));
      if (!isAsked) await leaveLaunch(cloud, attempt);
    } else await giveUpIfOver(cloud, round, attempt, { now, leasesHoldUntil: watch.leasesHoldUntil });
  });
}

async function cleanUpEnded(cloud: Cloud, round: Round, deadline: number): Promise<void> {
  await each(cloud, deadline, await cloud.table.dueCleanups(cloud.clock.now(), batch), async (agentId) => {
    const attempt = await cloud.table.getAttempt(agentId);
    // The index lags: somebody may have been faster.
    if (attempt?.cleanupAt === undefined) return;
    round.owing.push(attempt);
    const isDone = await askBackend(round, attempt.backend, () => cleanUp(cloud, attempt));
    if (!isDone) await cloud.table.postponeCleanup(agentId, cloud.clock.now() + retryMs, attempt.unseenAt);
  });
}

async function resolveOutcomes(cloud: Cloud, round: Round, deadline: number): Promise<void> {
  await eachDue(cloud, "outcome", deadline, async (task) => {
    const isDone = await askBackend(round, task.backend, () => resolveOutcome(cloud, task));
    if (!isDone) await askAgain(cloud, task, `the backend ${task.backend} does not answer`);
  });
}

function takeBranchesBack(cloud: Cloud, _: Round, deadline: number): Promise<void> {
  return eachDue(cloud, "branch", deadline, (task) => takeBranchBack(cloud, task));
}

/** As many as there are free slots: more could not be dispatched. */
async function resendWakeUps(cloud: Cloud, round: Round, deadline: number): Promise<void> {
  let free = cloud.settings.limits.global - (await round.holders()).length;
  if (free <= 0) return;
  for await (const { head } of readyWorkspaces(cloud, round.ready)) {
    for (const taskId of head.slice(0, free)) {
      if (cloud.clock.now() > deadline) return;
      // One that was made ready in this round has just been told: told twice, two dispatchers would claim it at once.
      if (!round.woken.has(taskId)) await wake(cloud, taskId);
      free -= 1;
    }
    if (free === 0) return;
  }
}
