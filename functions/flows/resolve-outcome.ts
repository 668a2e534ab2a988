// A task ended while its push was permitted: did the push land? Asks the remote, and takes back what nobody wants.
import type { Cloud } from "../core/cloud.ts";
import type { Task } from "../core/task.ts";
import { changeTask } from "./change-task.ts";
import { locateRepository } from "./locate-repository.ts";

const by = "system:reaper";
const retryMs = 30_000;

/**
 * Only once the sandbox is known to be gone. A remote may still be busy with what it was sent before that, so absence
 * counts only some time after; what is there, counts at once.
 */
export async function resolveOutcome(cloud: Cloud, task: Task): Promise<void> {
  const spec = await cloud.table.getSpec(task.taskId);
  if (!spec || !task.branch) return;
  if (await isAnyAlive(cloud, task)) return cloud.table.postpone(task, cloud.clock.now() + retryMs);
  const lookedAt = cloud.clock.now();
  const look = await readRemote(cloud, task, spec);
  if (look.kind === "unknown" || look.kind === "refused") {
    console.warn(`the remote of ${task.taskId} did not answer: ${look.message}; asked again in ${retryMs} ms`);
    return cloud.table.postpone(task, cloud.clock.now() + retryMs);
  }
  const landed = look.kind === "at" && (task.permittedCommits ?? []).includes(look.commit);
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
async function isAnyAlive(cloud: Cloud, task: Task): Promise<boolean> {
  let alive = false;
  for (const { sandboxArn, sandboxStoppedAt, agentId, backend } of await cloud.table.listAttempts(task.taskId)) {
    if (!sandboxArn || sandboxStoppedAt !== undefined) continue;
    const sandbox = await cloud.sandboxes(backend).describe(sandboxArn);
    if (!sandbox || sandbox.stopped) continue;
    await cloud.sandboxes(backend).stop(sandboxArn, `${agentId} has ended`);
    alive = true;
  }
  return alive;
}

/** Removes our branch from the remote, unless somebody has moved it meanwhile. */
export async function takeBranchBack(cloud: Cloud, task: Task): Promise<void> {
  const spec = await cloud.table.getSpec(task.taskId);
  if (!spec || !task.branch) return;
  const look = await readRemote(cloud, task, spec);
  if (look.kind === "unknown" || look.kind === "refused")
    return cloud.table.postpone(task, cloud.clock.now() + retryMs);
  const isOurs = look.kind === "at" && (task.permittedCommits ?? []).includes(look.commit);
  const deletion = isOurs && (await cloud.remotes.deleteBranch(look.url, look.auth, task.branch, look.commit));
  // Its answer may be lost as well: the next look tells.
  if (deletion === "unknown") return cloud.table.postpone(task, cloud.clock.now() + retryMs);
  const deleted = look.kind === "absent" || deletion === "gone";
  await changeTask(cloud, task.taskId, by, () => ({ event: { type: "branch_taken_back", deleted } }));
}

async function readRemote(cloud: Cloud, task: Task, spec: { repository: string; credential?: string }) {
  try {
    const { url, auth } = await locateRepository(cloud, task.workspace, spec);
    return { ...(await cloud.remotes.readBranch(url, auth, task.branch ?? "")), url, auth };
  } catch (error) {
    // A credential that was removed, say: unknown is not "not pushed", so it stays owed.
    return { kind: "unknown" as const, message: String(error) };
  }
}
