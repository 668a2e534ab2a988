// A task has completed with a branch, and asked for a pull request: one try to open it, and what came of it.
import type { Cloud } from "../core/cloud.ts";
import { describePullRequest } from "../core/describe-pull-request.ts";
import { DroverError } from "../core/errors.ts";
import type { TaskId } from "../core/ids.ts";
import { afterPullRequestTry, type PullRequestOutcome } from "../core/pull-requests.ts";
import { isFenced } from "../core/switches.ts";
import type { Task, TaskSpec } from "../core/task.ts";
import { sendMessages } from "./announce.ts";
import { changeTask } from "./change-task.ts";
import { findForge } from "./find-forge.ts";

const by = "system:notify";
/** Clocks differ, and SQS counts whole seconds. */
const earlyMs = 1_000;
/** What one try may take, and some more: whoever began it has died then, and another may begin. */
const lostAfterMs = 90_000;
const eventsRead = 1_000;

export type Opened = { kind: "tried"; state: "open" | "delayed" | "failed" } | { kind: "skipped"; reason: string };

/**
 * At least once: whoever dies between the forge's answer and our record leaves a pull request that the next try finds
 * and records. Two tries at once end the same way, since a forge takes one pull request for a branch.
 */
export async function openPullRequest(cloud: Cloud, taskId: TaskId): Promise<Opened> {
  const task = await cloud.table.getTask(taskId);
  const startedAt = cloud.clock.now();
  if (task?.due?.kind !== "pull_request") return skipped("none is owed");
  if (task.due.at > startedAt + earlyMs) return skipped("its time has not come");
  await cloud.table.postpone(task, startedAt + lostAfterMs);
  const outcome = await tryToOpen(cloud, task);

  const now = cloud.clock.now();
  const tries = 1 + (task.pullRequest?.state === "delayed" ? task.pullRequest.tries : 0);
  const event = afterPullRequestTry(
    outcome,
    { tries, now, random: cloud.ids.random() },
    cloud.settings.notices.backoffMs,
  );
  const change = await changeTask(cloud, taskId, by, () => ({ event }));
  if (change.kind !== "changed") return skipped("somebody else has recorded it");
  if (event.type === "pull_request_opened") return { kind: "tried", state: "open" };
  console.warn(`the pull request of ${taskId} is not open: ${event.why}`);
  if (event.type === "pull_request_failed") return { kind: "tried", state: "failed" };
  await sendMessages(cloud, [{ pullRequestOf: taskId }], event.notBefore - now);
  return { kind: "tried", state: "delayed" };
}

const skipped = (reason: string): Opened => ({ kind: "skipped", reason });

async function tryToOpen(cloud: Cloud, task: Task): Promise<PullRequestOutcome> {
  const spec = await cloud.table.getSpec(task.taskId);
  if (!spec || !task.branch) return { kind: "refused", why: "the task has no branch" };
  // A stop means that nothing more leaves drover on behalf of what was admitted before it.
  if (isFenced(task, await cloud.table.getSwitches(task))) return { kind: "refused", why: "a stop covers the task" };
  try {
    const { repository, token } = await findForge(cloud, task.workspace, spec);
    const { base = spec.baseBranch, draft = false, ...wish } = spec.pullRequest ?? {};
    const { title, body } = describePullRequest(await gatherFacts(cloud, task, spec), wish);
    return await cloud.forges.openPullRequest(repository, token, { base, head: task.branch, title, body, draft });
  } catch (error) {
    // A credential that was removed may be set again.
    if (error instanceof DroverError) return { kind: "later", why: error.message };
    throw error;
  }
}

async function gatherFacts(cloud: Cloud, task: Task, spec: TaskSpec) {
  const [attempts, events] = await Promise.all([
    cloud.table.listAttempts(task.taskId),
    cloud.table.listEvents(task.taskId, 0, eventsRead),
  ]);
  const permit = events.findLast(({ type }) => type === "permit_granted");
  const verdicts = permit?.data.verdicts as Record<string, string> | undefined;
  return { task, spec, attempts, ...(verdicts ? { verdicts } : {}) };
}
