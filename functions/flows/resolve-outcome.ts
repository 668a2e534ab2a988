// A task ended while its push was permitted: did the push land? Asks the remote, and takes back what nobody wants.
import type { Cloud } from "../core/cloud.ts";
import { owesCleanup } from "../core/endings.ts";
import { hasCode } from "../core/errors.ts";
import { afterSilence } from "../core/overdue.ts";
import type { Task } from "../core/task.ts";
import { changeTask } from "./change-task.ts";
import { locateRepository } from "./locate-repository.ts";

const by = "system:reaper";

/**
 * Only once the sandbox is known to be gone. A remote may still be busy with what it was sent before that, so absence
 * counts only some time after; what is there, counts at once.
 */
export async function resolveOutcome(cloud: Cloud, task: Task): Promise<void> {
  const mayPush = await whatMayPush(cloud, task);
  if (mayPush) return askAgain(cloud, task, mayPush);
  const lookedAt = cloud.clock.now();
  const look = await readRemote(cloud, task);
  if (look.kind === "silent") return askAgain(cloud, task, look.why);
  const landed = isOurs(task, look);
  const settledAt = task.updatedAt + cloud.settings.pushSettleMs;
  if (!landed && lookedAt < settledAt) return cloud.table.postpone(task, settledAt);
  const takeBack = landed && task.status !== "completed";
  const outcome = !landed ? "not_pushed" : takeBack ? "pushed_before_stop" : "pushed";
  const change = await changeTask(cloud, task.taskId, by, () => ({
    event: { type: "outcome_resolved", outcome, takeBack },
  }));
  if (change.kind === "changed" && takeBack) await takeBranchBack(cloud, change.task);
}

/**
 * Any attempt that has spoken may have a permit. While it owes its cleanup, its sandbox is not known to have stopped, or
 * for how long it has: the cleanup finds out, writes that down, and then asks here again. What counts as gone since ECS
 * had not listed it for long may turn up all the same.
 */
async function whatMayPush(cloud: Cloud, task: Task): Promise<string | undefined> {
  let why: string | undefined;
  for (const { agentId, attempt, backend, ...one } of await cloud.table.listAttempts(task.taskId)) {
    const { sandboxArn, sandboxStoppedAt, startedAt } = one;
    if (owesCleanup(task, attempt)) {
      if (startedAt !== undefined) why = `the sandbox of ${agentId} is not known to have stopped`;
      continue;
    }
    if (!sandboxArn || sandboxStoppedAt !== undefined) continue;
    try {
      const sandbox = await cloud.sandboxes(backend).describe(sandboxArn);
      if (!sandbox || sandbox.stopped) continue;
      await cloud.sandboxes(backend).stop(sandboxArn, `${agentId} has ended`);
      why = `the sandbox of ${agentId} has not stopped yet`;
    } catch (error) {
      if (!(error instanceof Error) || hasCode(error, "backend_unavailable")) throw error;
      why = error.message;
    }
  }
  return why;
}

/** Removes our branch from the remote, unless somebody has moved it meanwhile. */
export async function takeBranchBack(cloud: Cloud, task: Task): Promise<void> {
  const look = await readRemote(cloud, task);
  if (look.kind === "silent") return askAgain(cloud, task, look.why);
  const deletion =
    isOurs(task, look) && (await cloud.remotes.deleteBranch(look.url, look.auth, look.branch, look.commit));
  // Its answer may be lost as well: the next look tells.
  if (deletion === "unknown") return askAgain(cloud, task, `the removal of ${look.branch} was not answered`);
  const deleted = look.kind === "absent" || deletion === "gone";
  await changeTask(cloud, task.taskId, by, () => ({ event: { type: "branch_taken_back", deleted } }));
}

/** Later each time, and for ever: a repository may come back. After a day people are told, once. */
export async function askAgain(cloud: Cloud, task: Task, why: string): Promise<void> {
  const { kind, at } = afterSilence(task, cloud.clock.now(), cloud.ids.random());
  console.warn(`what became of the push of ${task.taskId} is not known: ${why}; asked again later`);
  if (kind === "ask_again") return cloud.table.postpone(task, at);
  await changeTask(cloud, task.taskId, by, () => ({ event: { type: "outcome_overdue", why, notBefore: at } }));
}

type Look = Awaited<ReturnType<typeof readRemote>>;

const isOurs = (task: Task, look: Look): look is Extract<Look, { kind: "at" }> =>
  look.kind === "at" && (task.permittedCommits ?? []).includes(look.commit);

async function readRemote(cloud: Cloud, { taskId, workspace, branch }: Task) {
  const silent = (why: string) => ({ kind: "silent", why }) as const;
  const spec = await cloud.table.getSpec(taskId);
  if (!spec || !branch) return silent("it does not say where it was pushed to");
  try {
    const { url, auth } = await locateRepository(cloud, workspace, spec);
    const state = await cloud.remotes.readBranch(url, auth, branch);
    if (state.kind === "unknown" || state.kind === "refused") return silent(state.message);
    return { ...state, url, auth, branch };
  } catch (error) {
    // A credential that was removed, say: unknown is not "not pushed", so it stays owed.
    return silent(error instanceof Error ? error.message : String(error));
  }
}
