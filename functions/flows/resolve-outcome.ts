// A task ended while its push was permitted: did the push land? Asks the remote, and takes back what nobody wants.
import type { Cloud } from "../core/cloud.ts";
import type { Task } from "../core/task.ts";
import { changeTask } from "./change-task.ts";
import { locateRepository } from "./locate-repository.ts";

const retryMs = 30_000;

/**
 * Only once the sandbox is known to be gone. A remote may still be busy with what it was sent before that, so absence
 * counts only some time after; what is there, counts at once.
 */
export async function resolveOutcome(cloud: Cloud, task: Task): Promise<void> {
  const spec = await cloud.table.getSpec(task.taskId);
  if (!spec || !task.branch) return;
  const look = await readRemote(cloud, task, spec);
  const now = cloud.clock.now();
  if (look.kind === "unknown") {
    console.warn(`the remote of ${task.taskId} did not answer: ${look.message}; asked again in ${retryMs} ms`);
    return cloud.table.postpone(task, now + retryMs);
  }
  const landed = look.kind === "at" && (task.permittedCommits ?? []).includes(look.commit);
  const settledAt = task.updatedAt + cloud.settings.pushSettleMs;
  if (!landed && now < settledAt) return cloud.table.postpone(task, settledAt);
  const unwanted = landed && task.status !== "completed";
  const branchDeleted = unwanted && (await cloud.remotes.deleteBranch(look.url, look.auth, task.branch, look.commit));
  const outcome = !landed ? "not_pushed" : unwanted ? "pushed_before_stop" : "pushed";
  await changeTask(cloud, task.taskId, "system:reaper", () => ({
    event: { type: "outcome_resolved", outcome, branchDeleted },
  }));
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
