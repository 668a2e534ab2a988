// How does a claimed attempt get its sandbox? Start it, record it; if the record is refused, stop what was started.
import type { Cloud } from "../core/cloud.ts";
import { hasCode } from "../core/errors.ts";
import type { TaskEvent } from "../core/events.ts";
import { type AgentId, parseAgentId } from "../core/ids.ts";
import type { Attempt, Task } from "../core/task.ts";
import { recordHealth, restBackend } from "./backends.ts";
import { changeTask } from "./change-task.ts";
import { wakeAfter } from "./wake.ts";

const by = "system:dispatcher";
/** ECS guards a repeated launch for a limited time only, so none begins later than this after the claim. */
export const launchDeadlineMs = 60_000;
/** Whoever has claimed an attempt may be at its launch for so long: one call of RunTask has ten seconds. */
export const launchTakesMs = 15_000;
/** Doubled with each put-back in a row: an outage of hours must not become thousands of launches. */
const putBackDelayMs = 5_000;
const longestPutBackMs = 5 * 60_000;

type Launch = Pick<Attempt, "agentId" | "backend" | "claimedAt">;

export async function launchAttempt(
  cloud: Cloud,
  { agentId, backend, claimedAt }: Launch,
  isRepeated = false,
): Promise<void> {
  if (cloud.clock.now() > claimedAt + launchDeadlineMs) {
    return endUnlaunched(cloud, agentId, (task) => goBack(cloud, task, "the launch came too late"));
  }
  const sandboxes = cloud.sandboxes(backend);
  const launch = await sandboxes.launch(agentId, cloud.tokenOf(agentId)).catch(async (error: unknown) => {
    if (hasCode(error, "backend_unavailable")) await restBackend(cloud, backend);
    throw error;
  });
  switch (launch.kind) {
    case "launched":
      // Killed while ECS was starting it: the kill found no ARN and relies on us.
      if ((await cloud.table.recordSandbox(agentId, launch.sandboxArn)) === "refused") {
        await sandboxes.stop(launch.sandboxArn, `${agentId} ended before its sandbox was recorded`);
      }
      return;
    case "no_capacity":
      // Before anybody is woken for the slot, so that the next task for it waits.
      await restBackend(cloud, backend);
      // The first one may be on its way: it is asked again until the deadline, and then what is listed decides.
      if (!isRepeated) await endUnlaunched(cloud, agentId, (task) => goBack(cloud, task, launch.why));
      return;
    case "unreachable":
      // Known at once, so that the next task for it waits instead of being claimed in vain.
      await recordHealth(cloud, backend, cloud.clock.now(), launch.why);
      return endUnlaunched(cloud, agentId, (task) =>
        goBack(cloud, task, `backend ${backend} is not reachable: ${launch.why}`),
      );
    case "refused":
      return endUnlaunched(cloud, agentId, () => ({
        type: "attempt_failed",
        failure: { class: "infrastructure", message: `The sandbox could not be launched: ${launch.why}` },
      }));
  }
}

/**
 * An attempt without a recorded sandbox: whoever claimed it died, or its answer from ECS was lost; or it is still being
 * launched, and is left alone. Within the deadline the same launch is made again, which finds what the first one may have
 * started; after it, what ECS lists is adopted, and a task without anything goes back. Throws `backend_unavailable`.
 */
export async function recoverLaunch(cloud: Cloud, launch: Launch): Promise<void> {
  const { agentId, claimedAt, backend } = launch;
  const now = cloud.clock.now();
  // A second call would be one too many for ECS, and the claimer's could not say any more that nothing was started.
  if (now < claimedAt + launchTakesMs) return;
  if (now <= claimedAt + launchDeadlineMs) {
    if (await cloud.table.takeUpLaunch(agentId, now)) await launchAttempt(cloud, launch, true);
    return;
  }
  const sandboxes = cloud.sandboxes(backend);
  const alive = (await sandboxes.findByAgent(agentId)).find((sandbox) => !sandbox.stopped);
  if (!alive) return putBack(cloud, agentId, "nothing was launched for it in time");
  if ((await cloud.table.recordSandbox(agentId, alive.sandboxArn)) === "refused") {
    await sandboxes.stop(alive.sandboxArn, `${agentId} has ended`);
  }
}

/**
 * Its backend does not say what it started. After the deadline its task goes back all the same, and leaves its slots to
 * others: should its sandbox turn up, nothing that it says is accepted, and the sweep of orphans stops it. False: it is
 * not time yet.
 */
export async function leaveLaunch(cloud: Cloud, { agentId, backend, claimedAt }: Launch): Promise<boolean> {
  if (cloud.clock.now() <= claimedAt + launchDeadlineMs) return false;
  await putBack(cloud, agentId, `backend ${backend} does not say what it launched`);
  return true;
}

function putBack(cloud: Cloud, agentId: AgentId, why: string): Promise<void> {
  return end(cloud, agentId, (task) => goBack(cloud, task, why));
}

type PutBack = Extract<TaskEvent, { type: "put_back" }>;
type LaunchEnd = PutBack | Extract<TaskEvent, { type: "attempt_failed" }>;

/**
 * ECS has told us that it started nothing. That is all there is to know while nobody else has called it:
 *
 *   claimer: claim ── RunTask ───────────────── no room ── ends it: relaunched, so its sandbox is looked for
 *   another:             takes it up ── RunTask: started
 */
function endUnlaunched(cloud: Cloud, agentId: AgentId, decide: (task: Task) => LaunchEnd): Promise<void> {
  return end(cloud, agentId, async (task) => {
    const attempt = await cloud.table.getAttempt(agentId);
    return attempt?.relaunchedAt === undefined ? { ...decide(task), neverLaunched: true } : decide(task);
  });
}

/** Spread by chance as well, so that what an outage held back does not all come back at one moment. */
export function goBack(cloud: Cloud, { putBacks = 0 }: Task, why: string): PutBack {
  const delayMs = Math.min(longestPutBackMs, putBackDelayMs * 2 ** Math.min(putBacks, 10));
  return { type: "put_back", why, notBefore: cloud.clock.now() + Math.ceil(delayMs * (1 + cloud.ids.random() / 2)) };
}

/** Ends the launch of this very attempt; another attempt, or an ended task, is left alone. */
async function end(
  cloud: Cloud,
  agentId: AgentId,
  decide: (task: Task) => LaunchEnd | Promise<LaunchEnd>,
): Promise<void> {
  const parsed = parseAgentId(agentId);
  if (!parsed) return;
  const change = await changeTask(cloud, parsed.taskId, by, async (task) =>
    // One that has spoken runs, whatever a repeated launch or a list that lags may say.
    task.attempt === parsed.attempt && task.status === "launching"
      ? { event: await decide(task) }
      : { kind: "refused", code: "illegal_transition", reason: `${agentId} is not being launched` },
  );
  // Its slots are free, and whoever waits may have them: for another backend, say.
  if (change.kind === "changed") await wakeAfter(cloud, change.task);
}
