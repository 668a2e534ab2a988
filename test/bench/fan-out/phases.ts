// What do agents and viewers do together for some seconds, and how long does it take until a viewer sees what has happened?
import { setTimeout as pause } from "node:timers/promises";
import { cpuMsOf } from "../stack/process-usage.ts";
import type { Puppet, PuppetStack } from "../stack/start-puppets.ts";
import type { Heart } from "./beat.ts";
import { type Viewer, watch } from "./watch.ts";

export interface Sample {
  beatsPerSecond: number;
  answeredMs: number[];
  deliveredPerSecond: number;
  /** From what has happened until one viewer sees it. */
  lagMs: number[];
  /** Of the stack: 1 is one core, all the time. */
  cores: number;
}

export interface Fleet {
  stack: PuppetStack;
  puppets: readonly Puppet[];
  taskIds: readonly string[];
  heart: Heart;
}

const headersOf = ({ apiKey }: PuppetStack) => ({ "x-api-key": apiKey });
const feedUrl = ({ url }: PuppetStack, path: string) => `${url}/api/orchestrator${path}`;

/** Runs `act` while all beat, and counts what it delivers. */
async function observe({ stack, heart }: Fleet, ms: number, act: () => Promise<unknown>, lagsOf: () => number[]) {
  const [cpuMs, startedAt] = [cpuMsOf(stack.pid), performance.now()];
  const [beats] = await Promise.all([heart.beat(ms), act()]);
  const elapsedMs = performance.now() - startedAt;
  const lagMs = lagsOf();
  return {
    beatsPerSecond: (beats.answeredMs.length * 1000) / elapsedMs,
    answeredMs: beats.answeredMs,
    deliveredPerSecond: (lagMs.length * 1000) / elapsedMs,
    lagMs,
    cores: (cpuMsOf(stack.pid) - cpuMs) / elapsedMs,
  };
}

export const onlyBeat = (fleet: Fleet, ms: number): Promise<Sample> =>
  observe(
    fleet,
    ms,
    async () => undefined,
    () => [],
  );

async function withViewers<T>(viewers: Viewer[], act: () => Promise<T>): Promise<T> {
  try {
    await Promise.all(viewers.map(({ ready }) => ready));
    return await act();
  } finally {
    await Promise.all(viewers.map((viewer) => viewer.close()));
  }
}

/** Each viewer has the page of one task open: it sees its agent's beats. */
export function watchTasks(fleet: Fleet, viewers: number, ms: number): Promise<Sample> {
  const { stack, taskIds, heart } = fleet;
  const lags: number[] = [];
  // What was sent before is shown to whoever comes.
  let countFrom = Number.POSITIVE_INFINITY;
  const open = taskIds.slice(0, viewers).map((taskId) =>
    watch(feedUrl(stack, `/tasks/${taskId}/events`), headersOf(stack), ({ event, data }, at) => {
      if (event !== "progress") return;
      const { agentId, seq } = JSON.parse(data) as { agentId: string; seq: number };
      const sentAt = heart.sentAt.get(`${agentId} ${seq}`);
      if (sentAt !== undefined && sentAt >= countFrom) lags.push(at - sentAt);
    }),
  );
  return withViewers(open, () => {
    countFrom = Date.now();
    return observe(
      fleet,
      ms,
      async () => undefined,
      () => lags,
    );
  });
}

/** Each viewer has the fleet's page open: it sees every change of every task. */
export function watchFleet(fleet: Fleet, viewers: number, ms: number, changesPerSecond: number): Promise<Sample> {
  const { stack } = fleet;
  const lags: number[] = [];
  let countFrom = Number.POSITIVE_INFINITY;
  const open = Array.from({ length: viewers }, () => {
    const seen = new Set<string>();
    return watch(feedUrl(stack, "/agents/events"), headersOf(stack), ({ event, data }, at) => {
      if (event !== "audit") return;
      const change = JSON.parse(data) as { eventId: string; at: string };
      const happenedAt = Date.parse(change.at);
      if (happenedAt >= countFrom && !seen.has(change.eventId)) lags.push(at - happenedAt);
      seen.add(change.eventId);
    });
  });
  return withViewers(open, () => {
    countFrom = Date.now();
    return observe(
      fleet,
      ms,
      () => change(fleet.puppets, ms, changesPerSecond),
      () => lags,
    );
  });
}

const commit = "c0ffee".padEnd(40, "0");

/** Work is done and sent back, again and again: each is a change of state with its audit event. */
async function change(puppets: readonly Puppet[], ms: number, perSecond: number): Promise<void> {
  const startedAt = performance.now();
  for (let n = 0; performance.now() < startedAt + ms; n += 2) {
    const puppet = puppets[(n / 2) % puppets.length];
    await puppet?.say("work-done", { commit, files: 1, additions: 1, deletions: 0 });
    await puppet?.say("rejected", { by: "gates", why: "measured", rejection: n });
    await pause(Math.max(0, startedAt + ((n + 2) * 1000) / perSecond - performance.now()));
  }
}
