// May a ready task run now? Else it waits where somebody sees to it, out of the way of those behind it.
import { judgeBackend, type KnownBackend } from "../core/backends.ts";
import type { Cloud } from "../core/cloud.ts";
import { backendPool, chooseSlot, type HeldSlot, type Pool, poolsOf, providerPool } from "../core/slots.ts";
import { isFenced, type Switches } from "../core/switches.ts";
import type { Slot, Task } from "../core/task.ts";
import { readBackends } from "./backends.ts";
import { once, onceFor, switchesOnce } from "./once.ts";
import { pausedUntil, wake } from "./wake.ts";

/** What is read once for all tasks that are looked at together. */
export interface Look {
  /** Most looks find nothing to run, and need not know where. */
  backends(): Promise<KnownBackend[]>;
  switches(task: Task): Promise<Switches>;
  holders(pool: string): Promise<HeldSlot[]>;
  /** Until when the provider behind the task's credential is out of quota, or was. */
  quotaPausedUntil(task: Task): Promise<number>;
}

export interface Wait {
  kind: "wait";
  task: Task;
  pool: string;
  until: number;
  /** How many of those that wait there need not any more. */
  roomNow?(): Promise<number>;
}

export type Verdict =
  | { kind: "claim"; task: Task; slots: Slot[] }
  /** A stop came after it was admitted, and its kill has not reached it yet. */
  | { kind: "fenced" }
  | { kind: "next_workspace" }
  | Wait;

/** A task whose pool is full is let go by whoever frees a slot there; this is for the case that nobody does. */
export const fullHoldMs = 60_000;
/** One whose backend takes no task is let go once it does; this is for the case that nobody sees to it. */
const backendHoldMs = 10 * 60_000;
const writesAtOnce = 50;
const all = Number.POSITIVE_INFINITY;

export function beginLook(cloud: Cloud): Look {
  return {
    backends: once(() => readBackends(cloud)),
    switches: switchesOnce(cloud),
    holders: onceFor(
      (pool) => pool,
      (pool) => cloud.table.heldSlots(pool),
    ),
    quotaPausedUntil: onceFor(
      ({ workspace, provider = "" }) => `${workspace} ${provider}`,
      async ({ workspace, provider }) => (provider ? pausedUntil(cloud, workspace, provider) : 0),
    ),
  };
}

/** What a claim would find for this one task. */
export async function considerTask(cloud: Cloud, look: Look, task: Task): Promise<Verdict> {
  const now = cloud.clock.now();
  const switches = await look.switches(task);
  if (isFenced(task, switches)) return { kind: "fenced" };
  if (switches.global.paused || switches.workspace.paused) return { kind: "next_workspace" };
  const backend = (await look.backends()).find(({ name }) => name === task.backend);
  const wait = { kind: "wait", task, pool: backendPool(task.backend), until: now + backendHoldMs } as const;
  if (judgeBackend(backend, now) !== "usable") return wait;
  if (switches.backend.paused)
    return { ...wait, roomNow: async () => ((await cloud.table.getSwitches(task)).backend.paused ? 0 : all) };
  const { workspace, provider } = task;
  const until = await look.quotaPausedUntil(task);
  if (provider && until > now) {
    const roomNow = async () => ((await pausedUntil(cloud, workspace, provider)) > cloud.clock.now() ? 0 : all);
    return { kind: "wait", task, pool: providerPool(workspace, provider), until, roomNow };
  }
  const slots: Slot[] = [];
  for (const pool of poolsOf(task, cloud.settings.limits, backend?.slots)) {
    const taken = (await look.holders(pool.name)).map(({ index }) => index);
    const slot = chooseSlot(pool, taken, cloud.ids.random());
    if (slot) slots.push(slot);
    else if (pool.name.startsWith("workspace:") || pool.name === "global") return { kind: "next_workspace" };
    else return waitForSlot(cloud, task, pool);
  }
  return { kind: "claim", task, slots };
}

function waitForSlot(cloud: Cloud, task: Task, { name, size }: Pool): Wait {
  const roomNow = async () => size - (await cloud.table.heldSlots(name)).length;
  return { kind: "wait", task, pool: name, until: cloud.clock.now() + fullHoldMs, roomNow };
}

/** Does it wait for a pool that has a size, and no slot left? */
export async function isPoolFull(cloud: Cloud, look: Look, task: Task, name: string): Promise<boolean> {
  const backend = (await look.backends()).find((one) => one.name === task.backend);
  const pool = poolsOf(task, cloud.settings.limits, backend?.slots).find((one) => one.name === name);
  return pool !== undefined && (await look.holders(name)).length >= pool.size;
}

/**
 * Out of the index: many such tasks at its head would hide what could run. Whoever made room in between has not seen
 * these wait, and the index does not show them yet.
 */
export async function putAside(cloud: Cloud, waits: readonly Wait[]): Promise<void> {
  for (let from = 0; from < waits.length; from += writesAtOnce) {
    const some = waits.slice(from, from + writesAtOnce);
    await Promise.all(some.map(({ task, pool, until }) => cloud.table.holdBack(task, pool, until)));
  }
  for (const [, those] of Map.groupBy(waits, ({ pool }) => pool)) {
    const room = (await those[0]?.roomNow?.()) ?? 0;
    for (const { task } of those.slice(0, Math.max(0, room))) {
      await cloud.table.makeReady(task);
      await wake(cloud, task.taskId);
    }
  }
}
