// Does a stop reach everything that it covers, also what could not be killed at once?
import { parseAgentId } from "../../../functions/core/ids.ts";
import { isFenced } from "../../../functions/core/switches.ts";
import { isLive } from "../../../functions/core/task.ts";
import type { Stage } from "../stage.ts";
import { isLeftSince } from "./left.ts";

/** Beside two rounds of the reaper: the longest that a stop takes. */
const slowestStopMs = 70_000;

/** After each turn of a switch: a backend is revoked and stopped, or neither. */
export function watchRevoked({ table, world }: Stage): void {
  for (const [name, { revokedAt }] of table.backends) {
    const { stopped } = table.getSwitches({ workspace: "", backend: name }).backend;
    if (stopped !== (revokedAt !== undefined))
      world.fail("revoked_in_part", `${name} is ${stopped ? "" : "not "}stopped, and was revoked at ${revokedAt}`);
  }
  if (
    [...table.switches.values()].some(({ scope, stopped }) => stopped && /^backend:/.test(scope)) &&
    table.backends.size === 0
  )
    world.fail("revoked_in_part", "a backend is stopped, and none is revoked");
}

/** At the beginning of each round. */
export function checkStopped(stage: Stage): void {
  const { table, ecs, world, judge, unreadableUntil } = stage;
  const { lastStopAt } = judge;
  if (lastStopAt === undefined) return;
  for (const { task } of table.rows.values()) {
    const since = Math.max(lastStopAt, unreadableUntil.get(task.taskId) ?? 0);
    if (isLive(task.status) && isLeftSince(stage, since) && isFenced(task, table.getSwitches(task)))
      world.fail("stop_left", `${task.taskId} is ${task.status}, a round after it could be ended by its stop`);
  }
  const boundMs = 2 * world.swarm.reapEveryMs + slowestStopMs;
  const { faultsEndMs, reapersBackMs } = world.swarm;
  if (world.now < Math.max(lastStopAt, faultsEndMs, reapersBackMs) + boundMs) return;
  for (const { agentId } of ecs.alive()) {
    const parsed = parseAgentId(agentId);
    const task = parsed && table.getTask(parsed.taskId);
    if (task && isFenced(task, table.getSwitches(task)))
      world.fail("stop_missed", `${agentId} still runs, ${boundMs} ms after the stop that covers it`);
  }
}

/** What is asked after the commit of a stop is not given, however often it was given before. */
export async function watchGiven<T>({ table, world }: Stage, agentId: string, ask: () => Promise<T>): Promise<T> {
  const taskId = parseAgentId(agentId)?.taskId;
  const task = taskId && table.getTask(taskId);
  const isStopped = task !== undefined && isFenced(task, table.getSwitches(task));
  const given = await ask();
  if (isStopped) world.fail("given_after_stop", `${agentId} was given what it asked for after the stop that covers it`);
  return given;
}
