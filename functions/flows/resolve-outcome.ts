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

/** An earlier attempt may have had a permit as well, and its stop was asked for but never confirmed. */
async function whatMayPush(cloud: Cloud, task: Task): Promise<string | undefined> {
  let why: string | undefined;
  for (const one of await cloud.table.listAttempts(task.taskId)) {
    const { sandboxArn, sandboxStoppedAt, startedAt, agentId, backend } = one;
    if (sandboxStoppedAt !== undefined) continue;
    try {
      const sandbox = sandboxArn ? await cloud.sandboxes(backend).describe(sandboxArn) : undefined;
      if (sandbox?.stopped) continue;
      if (sandbox) {
        await cloud.sandboxes(backend).stop(sandbox.sandboxArn, `${agentId} has ended`);
        why = `the sandbox of ${agentId} has not stopped yet`;
      } else if (startedAt !== undefined && owesCleanup(task, one.attempt)) {
        // It has spoken, so it has a sandbox, and lists lag: its cleanup finds out, and then asks here again.
        why = `the sandbox of ${agentId} is not known to have stopped`;
      }
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
