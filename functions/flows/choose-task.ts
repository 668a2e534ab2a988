// Which task should run next? Least served workspace first; within it exact priority, then age.
import type { Cloud } from "../core/cloud.ts";
import type { TaskId } from "../core/ids.ts";
import { chooseSlot, poolsOf } from "../core/slots.ts";
import { findPaused, isFenced } from "../core/switches.ts";
import type { Slot, Task } from "../core/task.ts";
import { providerPool } from "./resume-provider.ts";

export type Choice =
  | { kind: "claim"; task: Task; slots: Slot[] }
  /** A stop came after it was admitted, and its kill has not reached it yet. */
  | { kind: "fenced"; task: Task }
  | { kind: "none"; reason: string };

const headLength = 10;
/** A task whose repository is full is let go by whoever frees a slot there; this is for the case that nobody does. */
const holdBackMs = 60_000;

/** The task that a wake-up names is read directly, beside the heads of the index, which lags behind the table. */
export async function chooseTask(cloud: Cloud, wokenFor: TaskId | undefined): Promise<Choice> {
  const held = await cloud.table.heldSlots("global");
  if (held.length >= cloud.settings.limits.global) return { kind: "none", reason: "every slot is held" };
  const woken = wokenFor ? await cloud.table.getTask(wokenFor) : undefined;
  for (const workspace of await orderWorkspaces(cloud, held, woken)) {
    for (const task of await readHead(cloud, workspace, woken)) {
      const choice = await considerTask(cloud, task, held);
      if (choice === "next_workspace") break;
      if (choice !== "next_task") return choice;
    }
  }
  return { kind: "none", reason: "no task is ready, or the ones that are may not run now" };
}

/** Fewest running first, so that a long queue of one workspace never keeps another waiting; ties by chance. */
async function orderWorkspaces(
  cloud: Cloud,
  held: { workspace: string }[],
  woken: Task | undefined,
): Promise<string[]> {
  const running = (workspace: string) => held.filter((slot) => slot.workspace === workspace).length;
  const names = new Set(await cloud.table.listWorkspaces());
  if (woken) names.add(woken.workspace);
  return [...names]
    .map((name) => ({ name, running: running(name), chance: cloud.ids.random() }))
    .sort((a, b) => a.running - b.running || a.chance - b.chance)
    .map(({ name }) => name);
}

async function readHead(cloud: Cloud, workspace: string, woken: Task | undefined): Promise<Task[]> {
  const ids = await cloud.table.readyHead(workspace, headLength);
  const read = await Promise.all(ids.filter((id) => id !== woken?.taskId).map((id) => cloud.table.getTask(id)));
  return [...read, woken]
    .filter((task) => task !== undefined)
    .filter((task) => task.workspace === workspace && task.status === "queued" && task.due === undefined)
    .sort((a, b) => b.priority - a.priority || a.createdAt - b.createdAt || (a.taskId < b.taskId ? -1 : 1));
}

/** What a claim would find for this one task. `held` are the slots of the global pool. */
export async function considerTask(
  cloud: Cloud,
  task: Task,
  held: readonly { index: number }[],
): Promise<Choice | "next_task" | "next_workspace"> {
  const switches = await cloud.table.getSwitches(task);
  if (isFenced(task, switches)) return { kind: "fenced", task };
  const paused = findPaused(switches);
  if (paused) return paused.scope.startsWith("backend:") ? "next_task" : "next_workspace";
  const quotaAt = task.provider ? await cloud.table.providerPausedUntil(task.workspace, task.provider) : 0;
  if (quotaAt > cloud.clock.now()) {
    await cloud.table.holdBack(task, providerPool(task.workspace, task.provider ?? ""), quotaAt);
    return "next_task";
  }
  const slots: Slot[] = [];
  for (const pool of poolsOf(task, cloud.settings.limits)) {
    const inPool = pool.name === "global" ? held : await cloud.table.heldSlots(pool.name);
    const taken = inPool.map(({ index }) => index);
    const slot = chooseSlot(pool, taken, cloud.ids.random());
    if (slot) slots.push(slot);
    else if (pool.name.startsWith("workspace:") || pool.name === "global") return "next_workspace";
    else {
      // Out of the index: many such tasks at its head would hide what could run.
      await cloud.table.holdBack(task, pool.name, cloud.clock.now() + holdBackMs);
      return "next_task";
    }
  }
  return { kind: "claim", task, slots };
}
