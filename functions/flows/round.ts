// What do the steps of one round of the reaper share? What several of them need is read once.
import type { KnownBackend } from "../core/backends.ts";
import type { Cloud } from "../core/cloud.ts";
import { hasCode } from "../core/errors.ts";
import type { AgentId, TaskId } from "../core/ids.ts";
import type { ReadyTask } from "../core/ready-order.ts";
import type { Switches } from "../core/switches.ts";
import type { Attempt, Task } from "../core/task.ts";
import { readBackends } from "./backends.ts";
import { once, switchesOnce } from "./once.ts";
import { firstReady } from "./ready-workspaces.ts";

/** A send that failed after so long was not answered. */
const silentMs = 2_000;
/** By then whatever ran on a revoked backend was stopped, or some attempt still owes its cleanup and asks for it. */
const revokedTendedMs = 24 * 60 * 60_000;

/**
 * What has changed since it was read does no harm: every step writes on conditions of its own, and what it missed is
 * there in the next round.
 */
export interface Round {
  /** Of the slots of the global pool: live attempts, and those that ended without giving theirs back. */
  holders(): Promise<AgentId[]>;
  attempts(): Promise<Attempt[]>;
  /** The first page of what is ready. */
  ready(): Promise<ReadyTask[]>;
  /** Those on which something of ours may run. */
  backends(): Promise<KnownBackend[]>;
  /** Those that cover a task. */
  switches(task: Task): Promise<Switches>;
  /** Tasks that were made ready in this round, and whose wake-up was sent. */
  woken: Set<TaskId>;
  /** Backends that gave no answer in this round. */
  silent: Set<string>;
  /** Attempts that ended, were looked at in this round, and of which something may be left. */
  owing: Attempt[];
}

/** What it has not begun by the deadline is done in the next round. */
export type Step = (cloud: Cloud, round: Round, deadline: number) => Promise<void>;

export function beginRound(cloud: Cloud): Round {
  const { table } = cloud;
  const holders = once(async () => (await table.heldSlots("global")).map(({ holder }) => holder));
  return {
    holders,
    attempts: once(async () => {
      const held = await holders();
      return held.length > 0 ? table.getAttempts(held) : [];
    }),
    ready: once(() => firstReady(table)),
    backends: once(async () => {
      const since = cloud.clock.now() - revokedTendedMs;
      return (await readBackends(cloud)).filter(({ reach, revokedAt }) => reach && (revokedAt ?? since) >= since);
    }),
    switches: switchesOnce(cloud),
    woken: new Set(),
    silent: new Set(),
    owing: [],
  };
}

/**
 * A queue that takes a message and then says nothing costs a round its time once: nothing more is sent to it, and whoever
 * would be told waits for the next round.
 */
export function askQueuesOnce(cloud: Cloud): Cloud {
  const { wakeUps, noticeQueue, clock } = cloud;
  const queues: Pick<Cloud, "wakeUps" | "noticeQueue"> = {
    wakeUps: { send: untilSilent(clock, (taskId) => wakeUps.send(taskId)), probe: wakeUps.probe.bind(wakeUps) },
    noticeQueue: { send: untilSilent(clock, (...args) => noticeQueue.send(...args)) },
  };
  return new Proxy(cloud, {
    get(own, name) {
      const part: unknown = Reflect.get(name in queues ? queues : own, name);
      // A method of the cloud asks the cloud, whatever that is made of.
      return typeof part === "function" ? part.bind(own) : part;
    },
  });
}

function untilSilent<A extends unknown[]>(clock: Cloud["clock"], send: (...args: A) => Promise<void>) {
  let isSilent = false;
  return async (...args: A): Promise<void> => {
    if (isSilent) throw new Error("its queue did not answer in this round");
    const sentAt = clock.now();
    try {
      await send(...args);
    } catch (error) {
      isSilent = clock.now() - sentAt >= silentMs;
      throw error;
    }
  };
}

type Named = string | { taskId: TaskId } | { agentId: AgentId };
const nameOf = (one: Named) => (typeof one === "string" ? one : "agentId" in one ? one.agentId : one.taskId);

/** One that fails does not keep the others from theirs. Those not reached in time are looked at in the next round. */
export async function each<T extends Named>(
  { clock }: Pick<Cloud, "clock">,
  deadline: number,
  items: readonly T[],
  act: (item: T) => Promise<unknown>,
): Promise<void> {
  for (const item of items) {
    if (clock.now() > deadline) return;
    try {
      await act(item);
    } catch (error) {
      console.error(`reaper: ${nameOf(item)} failed; it is looked at again in the next round`, error);
    }
  }
}

/** One that is silent costs one call a round: the rest of its work waits for the next one. False: not done. */
export async function askBackend(round: Round, backend: string, work: () => Promise<void>): Promise<boolean> {
  if (round.silent.has(backend)) return false;
  try {
    await work();
    return true;
  } catch (error) {
    if (!hasCode(error, "backend_unavailable")) throw error;
    round.silent.add(backend);
    console.warn(`reaper: ${error.message}. What is to be done there waits for the next round.`);
    return false;
  }
}
