// Which slots does an attempt need, and which of them are free? A limit is a pool of numbered slots.
import type { AgentId } from "./ids.ts";
import type { Slot, Task } from "./task.ts";

export interface Limits {
  /** Attempts at once in all. */
  global: number;
  /** For one workspace, backend or repository; unlimited where absent. */
  workspace?: number;
  backend?: number;
  repository?: number;
}

export interface Pool {
  name: string;
  size: number;
}

/** Of a pool: who holds it, and of which workspace. */
export interface HeldSlot {
  index: number;
  holder: AgentId;
  workspace: string;
}

export const backendPool = (backend: string) => `backend:${backend}`;
/** Of no size: tasks wait there while the provider behind their credential is out of quota. */
export const providerPool = (workspace: string, credential: string) => `provider:${workspace}:${credential}`;
export const repositoryPool = (repositoryKey: string) => `repository:${repositoryKey}`;

/** The pools that a task needs a slot of, the global one first. `backendSlots`: its backend has a limit of its own. */
export function poolsOf(
  task: Pick<Task, "workspace" | "backend" | "repositoryKey">,
  limits: Limits,
  backendSlots?: number,
): Pool[] {
  const pool = (name: string, size: number | undefined) => (size === undefined ? [] : [{ name, size }]);
  return [
    ...pool("global", limits.global),
    ...pool(`workspace:${task.workspace}`, limits.workspace),
    ...pool(backendPool(task.backend), backendSlots ?? limits.backend),
    ...pool(repositoryPool(task.repositoryKey), limits.repository),
  ];
}

/** A free slot by chance (`random` in [0, 1)): two dispatchers that both took the first would meet. */
export function chooseSlot(pool: Pool, held: readonly number[], random: number): Slot | undefined {
  const taken = new Set(held);
  const free: number[] = [];
  for (let index = 0; index < pool.size; index += 1) if (!taken.has(index)) free.push(index);
  // A slot from when there were more counts as well: for each of them one of the last free ones stays empty.
  const beyond = held.filter((index) => index >= pool.size).length;
  const usable = free.slice(0, Math.max(0, free.length - beyond));
  const index = usable[Math.floor(random * usable.length)];
  return index === undefined ? undefined : { index, pool: pool.name };
}
