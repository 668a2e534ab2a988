// A task ended while its push was permitted: did the push land? Asks the remote, and takes back what nobody wants.
import type { Cloud } from "../core/cloud.ts";
import type { Task } from "../core/task.ts";
import { changeTask } from "./change-task.ts";
import { locateRepository } from "./locate-repository.ts";

const retryMs = 30_000;

/** Only once the sandbox is known to be gone, so that nothing can be pushed after the look. */
export async function resolveOutcome(cloud: Cloud, task: Task): Promise<void> {
  const spec = await cloud.table.getSpec(task.taskId);
  if (!spec || !task.branch) return;
  const look = await readRemote(cloud, task, spec);
  if (look.kind === "unknown") {
    console.warn(`the remote of ${task.taskId} did not answer: ${look.message}; asked again in ${retryMs} ms`);
    return cloud.table.postpone(task, cloud.clock.now() + retryMs);
  }
  const landed = look.kind === "at" && (task.permittedCommits ?? []).includes(look.commit);
  const branchDeleted = landed && (await cloud.remotes.deleteBranch(look.url, look.auth, task.branch, look.commit));
  await changeTask(cloud, task.taskId, "system:reaper", () => ({
    event: { type: "outcome_resolved", outcome: landed ? "pushed_before_stop" : "not_pushed", branchDeleted },
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
