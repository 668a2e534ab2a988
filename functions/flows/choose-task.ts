// Which task should run next? Least served workspace first; within it exact priority, then age.
import { judgeBackend, type KnownBackend } from "../core/backends.ts";
import type { Cloud } from "../core/cloud.ts";
import type { ReadyWorkspace } from "../core/ready-order.ts";
import { backendPool, chooseSlot, poolsOf, providerPool } from "../core/slots.ts";
import { isFenced } from "../core/switches.ts";
import type { Slot, Task } from "../core/task.ts";
import { readBackends } from "./backends.ts";
import { readyWorkspaces } from "./ready-workspaces.ts";
import { isSound } from "./sound-tasks.ts";
import { letGo, pausedUntil } from "./wake.ts";

export type Choice =
  | { kind: "claim"; task: Task; slots: Slot[] }
  /** A stop came after it was admitted, and its kill has not reached it yet. */
  | { kind: "fenced"; task: Task }
  | { kind: "none"; reason: string };

const headLength = 10;
/** A task whose pool is full is let go by whoever frees a slot there; this is for the case that nobody does. */
const fullHoldMs = 60_000;
/** One whose backend takes no task is let go once it does; this is for the case that nobody sees to it. */
const backendHoldMs = 10 * 60_000;

/** `woken`, which the wake-up names, was read directly: it stands beside the heads of the index, which lags behind. */
export async function chooseTask(cloud: Cloud, woken: Task | undefined): Promise<Choice> {
  const held = await cloud.table.heldSlots("global");
  if (held.length >= cloud.settings.limits.global) return { kind: "none", reason: "every slot is held" };
  let backends: KnownBackend[] | undefined;
  for await (const ready of leastServedFirst(cloud, held, woken)) {
    for (const task of await readHead(cloud, ready, woken)) {
      // Most wake-ups find nothing to run, and need not know where.
      backends ??= await readBackends(cloud);
      const choice = await considerTask(cloud, task, held, backends);
      if (choice === "next_workspace") break;
      if (choice !== "next_task") return choice;
    }
  }
  return { kind: "none", reason: "no task is ready, or the ones that are may not run now" };
}

/**
 * Fewest running first, so that a long queue of one workspace never keeps another waiting; ties by chance. Whoever has
 * nothing running comes at once: no more than those that have are looked at in vain.
 */
async function* leastServedFirst(
  cloud: Cloud,
  held: readonly { workspace: string }[],
  woken: Task | undefined,
): AsyncGenerator<ReadyWorkspace> {
  const running = (workspace: string) => held.filter((slot) => slot.workspace === workspace).length;
  const served: ReadyWorkspace[] = [];
  let isIndexed = woken === undefined;
  for await (const ready of readyWorkspaces(cloud)) {
    isIndexed ||= ready.workspace === woken?.workspace;
    if (running(ready.workspace) === 0) yield ready;
    else served.push(ready);
  }
  if (woken && !isIndexed) served.push({ workspace: woken.workspace, head: [] });
  served.sort((a, b) => running(a.workspace) - running(b.workspace));
  for (const one of served) yield one;
}

async function readHead(cloud: Cloud, { workspace, head }: ReadyWorkspace, woken: Task | undefined): Promise<Task[]> {
  const others = head.slice(0, headLength).filter((id) => id !== woken?.taskId);
  const read = others.length > 0 ? await cloud.table.getTasks(others) : [];
  return [...read, ...(woken ? [woken] : [])]
    .filter(isSound)
    .filter((task) => task.workspace === workspace && task.status === "queued" && task.due === undefined)
    .sort((a, b) => b.priority - a.priority || a.createdAt - b.createdAt || (a.taskId < b.taskId ? -1 : 1));
}

/** What a claim would find for this one task. `held` are the slots of the global pool. */
export async function considerTask(
  cloud: Cloud,
  task: Task,
  held: readonly { index: number }[],
  backends: readonly KnownBackend[],
): Promise<Choice | "next_task" | "next_workspace"> {
  const now = cloud.clock.now();
  // Out of the index: many such tasks at its head would hide what could run.
  const holdBack = async (pool: string, until: number) => {
    await cloud.table.holdBack(task, pool, until);
    return "next_task" as const;
  };
  const switches = await cloud.table.getSwitches(task);
  if (isFenced(task, switches)) return { kind: "fenced", task };
  if (switches.global.paused || switches.workspace.paused) return "next_workspace";
  const backend = backends.find(({ name }) => name === task.backend);
  const isUsable = judgeBackend(backend, now) === "usable";
  if (!isUsable) return holdBack(backendPool(task.backend), now + backendHoldMs);
  if (switches.backend.paused) {
    await holdBack(backendPool(task.backend), now + backendHoldMs);
    // Whoever resumed it in between has not seen this one wait.
    if (!(await cloud.table.getSwitches(task)).backend.paused) await letGo(cloud, backendPool(task.backend), 1);
    return "next_task";
  }
  if (await waitForQuota(cloud, task)) return "next_task";
  const slots: Slot[] = [];
  for (const pool of poolsOf(task, cloud.settings.limits, backend?.slots)) {
    const inPool = pool.name === "global" ? held : await cloud.table.heldSlots(pool.name);
    const taken = inPool.map(({ index }) => index);
    const slot = chooseSlot(pool, taken, cloud.ids.random());
    if (slot) slots.push(slot);
    else if (pool.name.startsWith("workspace:") || pool.name === "global") return "next_workspace";
    else return holdBack(pool.name, now + fullHoldMs);
  }
  return { kind: "claim", task, slots };
}

async function waitForQuota(cloud: Cloud, task: Task): Promise<boolean> {
  const { workspace, provider } = task;
  const quotaAt = provider ? await pausedUntil(cloud, workspace, provider) : 0;
  if (!provider || quotaAt <= cloud.clock.now()) return false;
  const pool = providerPool(workspace, provider);
  await cloud.table.holdBack(task, pool, quotaAt);
  // Whoever resumed it in between has not seen this one wait.
  if ((await pausedUntil(cloud, workspace, provider)) <= cloud.clock.now()) await letGo(cloud, pool, 1);
  return true;
}
