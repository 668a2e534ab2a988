// How does a commit get onto the simulated remote? As in `functions/sandbox/publish-work.ts`: look, permit, push, look.
import type { StartAnswer } from "../../../functions/core/callbacks.ts";
import type { TaskId } from "../../../functions/core/ids.ts";
import type { Push } from "../cloud/remote-state.ts";
import type { Supervisor } from "./supervisor.ts";

export type { Push };

type Publication =
  | { kind: "pushed"; branch: string; commit: string }
  | { kind: "conflict" }
  /** There is no permit: somebody has said something meanwhile. */
  | { kind: "unheard" }
  | { kind: "failed"; class: "infrastructure" | "poison" };

const maxSuffix = 20;

/** `meetsConflict`: the base branch moves while it asks for the permit, so that it pushes nothing. */
export async function publish(
  supervisor: Supervisor,
  answer: StartAnswer,
  commit: string,
  meetsConflict: boolean,
): Promise<Publication> {
  const { main, stage } = supervisor;
  stage.ambushes.publisher.shift()?.();
  await supervisor.reach("permit");
  const free = findBranch(supervisor, answer);
  if (!free) return { kind: "failed", class: "poison" };
  await main.sleep(main.random.between(20, 400));
  const permit = await supervisor.permit(free.branch);
  // Without a permit even a zombie does not push: the supervisor is ours.
  if (!permit) return { kind: "failed", class: "infrastructure" };
  if ("unheard" in permit) return { kind: "unheard" };
  if (meetsConflict) return { kind: "conflict" };
  await supervisor.reach("push");
  await main.sleep(main.random.between(100, 5_000));
  const { remote, world } = stage;
  if (world.strikes(main, "branch_taken")) remote.take(free.branch);
  const taskId = answer.taskId as TaskId;
  const push: Push = { branch: free.branch, commit, taskId, agentId: supervisor.sandbox.agentId, at: world.now };
  const landed = remote.push(push, free.expect) === "pushed";
  if (landed) supervisor.pushed(push);
  world.say(main.name, `push of ${commit} to ${free.branch}: ${landed ? "landed" : "refused"}`);
  await main.sleep(main.random.between(20, 400));
  // The remote is read back; that may fail although the push landed.
  if (world.strikes(main, "push_answer_lost")) return { kind: "failed", class: "infrastructure" };
  if (remote.branches.get(free.branch) === commit) return { kind: "pushed", branch: free.branch, commit };
  return { kind: "failed", class: "infrastructure" };
}

/** The task's own branch, or with a number behind it where somebody else's commit has that name. */
function findBranch({ stage }: Supervisor, { taskId, earlierPush }: StartAnswer) {
  for (let suffix = 1; suffix < maxSuffix; suffix += 1) {
    const branch = suffix === 1 ? `drover/${taskId}` : `drover/${taskId}-${suffix}`;
    const at = stage.remote.branches.get(branch);
    if (at === undefined) return { branch, expect: undefined };
    if (earlierPush?.branch === branch && earlierPush.commits.includes(at)) return { branch, expect: at };
  }
  return undefined;
}
