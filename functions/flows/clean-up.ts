// An attempt has ended: is anything of it left? It is stopped and given back, until it is known that nothing is.
import { judgeLook, type Seen } from "../core/cleanup.ts";
import type { Cloud } from "../core/cloud.ts";
import { hasCode } from "../core/errors.ts";
import { type AgentId, agentIdOf, parseAgentId } from "../core/ids.ts";
import { isFolderLeft } from "../core/sandbox-end.ts";
import { spentByHour } from "../core/spending.ts";
import type { Attempt, SandboxFate, Slot, Task } from "../core/task.ts";
import { changeTask, type Decision } from "./change-task.ts";
import { launchDeadlineMs } from "./launch-attempt.ts";
import { resolveOutcome } from "./resolve-outcome.ts";

const by = "system:cleanup";
/** After that long without success, giving slots back is recorded as given up; the reaper goes on trying. */
const giveUpAfterMs = 10 * 60_000;

/** One look at an attempt that owes its cleanup; what fails is tried again at the next. Throws `backend_unavailable`. */
export async function cleanUp(cloud: Cloud, attempt: Attempt): Promise<void> {
  const { agentId } = attempt;
  const { seen, why } = await stopWhatLives(cloud, attempt);
  const after = judgeLook(attempt, seen, attempt.claimedAt + launchDeadlineMs, cloud.clock.now());
  if (after.kind === "look_again") return cloud.table.postponeCleanup(agentId, after.at, after.unseenAt);
  await recordCleanup(cloud, agentId, after.sandbox, why);
}

/** The sandbox is known to be gone: the rest of the steps, and the event that tells of all of them. `why`: what ECS said of its end. */
export async function recordCleanup(cloud: Cloud, agentId: AgentId, sandbox: SandboxFate, why = ""): Promise<void> {
  const parsed = parseAgentId(agentId);
  if (!parsed) return;
  const change = await changeTask(cloud, parsed.taskId, by, (task) =>
    decideCleanup(cloud, task, parsed.attempt, sandbox, why),
  );
  if (change.kind === "changed") await afterCleanup(cloud, change.task);
}

export async function decideCleanup(
  cloud: Cloud,
  task: Task,
  attempt: number,
  sandbox: SandboxFate,
  why: string,
): Promise<Decision> {
  const agentId = agentIdOf(task.taskId, attempt);
  const refused = (reason: string) => ({ kind: "refused", code: "illegal_transition", reason }) as const;
  const owed = task.owedCleanups?.find((one) => one.attempt === attempt);
  if (!owed) return refused(`${agentId} owes no cleanup`);
  const slots = await giveBack(cloud, agentId, owed.slots ?? []);
  if (slots === "held") return refused(`${agentId} still holds its slots`);
  // Only models cost money. Its attempt has ended, so no beat adds to this any more.
  const spent = task.provider ? spentByHour(await cloud.table.listAttempts(task.taskId), attempt) : undefined;
  // The kill is written before anybody looks where its sandbox is; the audit log says it with the stop that is confirmed.
  const sandboxArn = task.killed && (await cloud.table.getAttempt(agentId))?.sandboxArn;
  const left = isFolderLeft(why) ? ({ isFolderLeft: true } as const) : {};
  return {
    event: { type: "cleanup", attempt, sandbox, slots, ...(sandboxArn && { sandboxArn }), ...left },
    ...(spent ? { spent } : {}),
  };
}

/** Nothing of the task runs any more, so what it has pushed is certain. */
export async function afterCleanup(cloud: Cloud, task: Task): Promise<void> {
  if (task.stopConfirmation && task.due?.kind === "outcome") await resolveOutcome(cloud, task);
}

async function stopWhatLives(
  cloud: Cloud,
  { agentId, backend, sandboxArn }: Attempt,
): Promise<{ seen: Seen; why?: string }> {
  try {
    const sandboxes = cloud.sandboxes(backend);
    const found = sandboxArn
      ? [await sandboxes.describe(sandboxArn)].filter((state) => state !== undefined)
      : await sandboxes.findByAgent(agentId);
    const alive = found.filter((sandbox) => !sandbox.stopped).map((sandbox) => sandbox.sandboxArn);
    // One that ECS does not list may live all the same: lists lag, and a stop does not need them.
    const toStop = sandboxArn && found.length === 0 ? [sandboxArn] : alive;
    for (const arn of toStop) await sandboxes.stop(arn, `${agentId} has ended`);
    if (alive.length > 0) return { seen: "alive" };
    const [last] = found;
    return last ? { seen: "stopped", ...(last.why && { why: last.why }) } : { seen: "nothing" };
  } catch (error) {
    if (hasCode(error, "backend_unavailable")) throw error;
    console.warn(`the sandbox of ${agentId} could not be looked at or stopped; it is tried again`, error);
    return { seen: "unknown" };
  }
}

async function giveBack(
  cloud: Cloud,
  agentId: AgentId,
  slots: readonly Slot[],
): Promise<"released" | "held" | "given_up"> {
  try {
    // The global one last: what is left is found by it.
    for (const slot of slots.toReversed()) await cloud.table.releaseSlot(slot, agentId);
    return "released";
  } catch (error) {
    const endedAt = (await cloud.table.getAttempt(agentId))?.endedAt ?? 0;
    console.warn(`the slots of ${agentId} were not given back; it is tried again`, error);
    return cloud.clock.now() > endedAt + giveUpAfterMs ? "given_up" : "held";
  }
}
