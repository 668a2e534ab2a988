// Does what runs belong to a live attempt, and does each live attempt run? ECS is asked for all that it has.
import type { Cloud } from "../core/cloud.ts";
import { type AgentId, parseAgentId } from "../core/ids.ts";
import { type Attempt, isLive } from "../core/task.ts";
import { confirmStop } from "./confirm-stop.ts";
import { askBackend, each, type Round } from "./round.ts";

/** Sandboxes without a live attempt are stopped; attempts whose sandbox ECS calls stopped are failed. */
export async function sweepOrphans(cloud: Cloud, round: Round, deadline: number): Promise<void> {
  const live = (await round.attempts()).filter(({ endedAt }) => endedAt === undefined);
  for (const { name } of await round.backends()) {
    if (cloud.clock.now() > deadline) return;
    const its = live.filter(({ backend }) => backend === name);
    await askBackend(round, name, () => sweepBackend(cloud, round, name, its, deadline));
  }
}

async function sweepBackend(
  cloud: Cloud,
  round: Round,
  backend: string,
  live: readonly Attempt[],
  deadline: number,
): Promise<void> {
  const sandboxes = cloud.sandboxes(backend);
  const known = new Set(live.map(({ agentId }) => agentId));
  const running = (await sandboxes.listRunning()).filter(({ stopped }) => !stopped);
  const strange = running.flatMap(({ agentId, sandboxArn }) =>
    agentId && !known.has(agentId) ? [{ agentId, sandboxArn }] : [],
  );
  await each(cloud, deadline, strange, async ({ agentId, sandboxArn }) => {
    if (!(await isOrphan(cloud, agentId))) return;
    await askBackend(round, backend, () => sandboxes.stop(sandboxArn, `${agentId} is not a live attempt`));
  });
  const runs = new Set(running.map(({ sandboxArn }) => sandboxArn));
  const missing = live.flatMap(({ agentId, sandboxArn }) =>
    sandboxArn && !runs.has(sandboxArn) ? [{ agentId, sandboxArn }] : [],
  );
  await each(cloud, deadline, missing, ({ agentId, sandboxArn }) =>
    askBackend(round, backend, async () => {
      const state = await sandboxes.describe(sandboxArn);
      if (state?.stopped) await confirmStop(cloud, agentId, state.why ?? "its stop was found by the reaper");
    }),
  );
}

/** A task that this table has never seen is somebody else's, whose drover uses the same cluster. */
async function isOrphan(cloud: Cloud, agentId: AgentId): Promise<boolean> {
  const parsed = parseAgentId(agentId);
  const task = parsed && (await cloud.table.getTask(parsed.taskId));
  return task !== undefined && !(task.attempt === parsed?.attempt && isLive(task.status));
}
