// How does somebody tell the dispatcher that there may be work? By a message whose loss only costs time.
import type { Cloud } from "../core/cloud.ts";
import type { TaskId } from "../core/ids.ts";
import { type ReadyWorkspace, takeInTurn } from "../core/ready-order.ts";
import { backendPool, providerPool, repositoryPool } from "../core/slots.ts";
import type { Task } from "../core/task.ts";
import { heldWorkspaces } from "./ready-workspaces.ts";

/** Others get their turn with the next slots, when the look begins elsewhere. */
const workspacesLooked = 50;

/** Never fails the caller: the task is in the table, and the reaper sends the wake-up again. Answers whether it was sent. */
export async function wake(cloud: Cloud, taskId: TaskId): Promise<boolean> {
  try {
    await cloud.wakeUps.send(taskId);
    return true;
  } catch (error) {
    console.warn(`wake-up for ${taskId} was not sent; the reaper will send it`, error);
    return false;
  }
}

/**
 * After an attempt has ended: its slots are free, and somebody may have waited for just these. Never fails the caller;
 * what is not done here, the reaper does. Of a backend that is stopped nobody is let go: its stop ends them.
 */
export async function wakeAfter(cloud: Cloud, ended: Task): Promise<void> {
  const next = await findNext(cloud, ended).catch((error: unknown) => {
    console.warn(`who waits for the slots of ${ended.taskId} was not found out; the dispatcher will look`, error);
    return ended.taskId;
  });
  if (next) await wake(cloud, next);
}

/**
 * Somebody who is ready, whoever it is: the dispatcher chooses. Nobody is woken for a slot that nobody waits for. One
 * that the index does not show yet has a wake-up of its own under way, and if that came too early the reaper's.
 */
async function findNext(cloud: Cloud, ended: Task): Promise<TaskId | undefined> {
  if (ended.killed?.cause !== "backend_revoked") await letGo(cloud, backendPool(ended.backend), 1);
  if (cloud.settings.limits.repository) await letGo(cloud, repositoryPool(ended.repositoryKey), 1);
  await letGoOfProvider(cloud, ended);
  return (await cloud.table.readyAfter("", 1))[0]?.taskId;
}

/** When a provider's last pause ends, or has ended. */
export async function pausedUntil(cloud: Cloud, workspace: string, credential: string): Promise<number> {
  return (await cloud.table.getProviderPause(workspace, credential))?.until ?? 0;
}

/** What a resumption has not reached goes on one by one, as the others end. */
async function letGoOfProvider(cloud: Cloud, { workspace, provider }: Task): Promise<void> {
  if (!provider || (await pausedUntil(cloud, workspace, provider)) > cloud.clock.now()) return;
  await letGo(cloud, providerPool(workspace, provider), 1);
}

/**
 * Tasks that wait for a pool may be chosen again. Once one of them cannot be told, the others are left to the reaper: a
 * queue that says nothing takes its time for each. Answers how many the index showed.
 */
export async function letGo(cloud: Cloud, pool: string, count: number): Promise<number> {
  const taskIds = await findHeld(cloud, pool, count);
  let isTold = true;
  for (const taskId of taskIds) {
    const task = await cloud.table.getTask(taskId);
    // The index lags: it may have left the pool already.
    if (task?.due?.kind !== "held" || task.due.pool !== pool) continue;
    await cloud.table.makeReady(task);
    isTold = isTold && (await wake(cloud, taskId));
  }
  return taskIds.length;
}

/** Of whoever has the fewest running there first, as the dispatcher chooses: a long queue of one keeps no other waiting. */
async function findHeld(cloud: Cloud, pool: string, count: number): Promise<TaskId[]> {
  const waiting: ReadyWorkspace[] = [];
  for await (const one of heldWorkspaces(cloud, pool)) if (waiting.push(one) === workspacesLooked) break;
  const held = waiting.length > 1 ? await cloud.table.heldSlots(pool) : [];
  const served = held.map(({ workspace }) => workspace);
  return takeInTurn(waiting, served, count);
}
