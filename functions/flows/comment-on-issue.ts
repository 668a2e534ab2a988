// A task that belongs to an issue has ended: what is told there, when, and what came of one try to tell it?
import type { Cloud } from "../core/cloud.ts";
import { describeComment, markOf } from "../core/describe-comment.ts";
import { DroverError } from "../core/errors.ts";
import type { TaskId } from "../core/ids.ts";
import { commentIdOf, type Delivery, type Owed, type PostOutcome } from "../core/notices.ts";
import type { Task } from "../core/task.ts";
import { sendMessages } from "./announce.ts";
import { findForge } from "./find-forge.ts";
import { newDelivery } from "./new-delivery.ts";

/** A pull request is opened in a moment; one that is delayed says itself for how long. */
const soonMs = 2_000;
const longestLookMs = 900_000;

/** Twice is once: its id is made of the task and the event that ended it. */
export async function oweComment(cloud: Cloud, task: Task, { eventId, status }: Owed): Promise<void> {
  const { taskId, workspace } = task;
  const deliveryId = commentIdOf(taskId, eventId);
  const messageId = `${eventId}_comment`;
  await cloud.notices.createDelivery(
    // What it says is not known yet: a pull request may be still to come.
    newDelivery(cloud, { deliveryId, workspace, messageId, type: `task.${status}`, taskId, body: "" }),
  );
  await sendMessages(cloud, [{ deliveryId }]);
}

/** The moment to look again, while the task's pull request is neither open nor given up. */
export async function whenToComment(cloud: Cloud, taskId: TaskId): Promise<number | undefined> {
  const task = await cloud.table.getTask(taskId);
  if (task?.due?.kind !== "pull_request") return undefined;
  const now = cloud.clock.now();
  if (task.pullRequest?.state !== "delayed") return now + soonMs;
  return Math.min(now + longestLookMs, Math.max(now + soonMs, task.due.at));
}

export async function composeComment(cloud: Cloud, taskId: TaskId): Promise<string> {
  const [task, attempts] = await Promise.all([cloud.table.getTask(taskId), cloud.table.listAttempts(taskId)]);
  if (!task) throw new Error(`${taskId} is to be told of, and not in the table`);
  const { publicOrigin } = cloud.settings;
  return describeComment({ task, attempts, ...(publicOrigin ? { link: `${publicOrigin}/tasks/${taskId}` } : {}) });
}

/** As a POST to a webhook would end. */
export async function postComment(cloud: Cloud, { taskId, workspace, body }: Delivery): Promise<PostOutcome> {
  const [task, spec] = await Promise.all([cloud.table.getTask(taskId), cloud.table.getSpec(taskId)]);
  if (!task?.issue || !spec) return { kind: "refused", why: "the task belongs to no issue" };
  try {
    const { repository, token } = await findForge(cloud, workspace, spec);
    const comment = { issue: task.issue.number, body, mark: markOf(taskId), sinceAt: task.createdAt };
    const outcome = await cloud.forges.commentOnIssue(repository, token, comment);
    if (outcome.kind === "commented") return { kind: "answered", status: outcome.reused ? 200 : 201 };
    return { kind: outcome.kind === "refused" ? "refused" : "unreachable", why: outcome.why };
  } catch (error) {
    // A credential that was removed may be set again.
    if (error instanceof DroverError) return { kind: "unreachable", why: error.message };
    throw error;
  }
}
