// What do agents and viewers do together for some seconds, and how long does it take until a viewer sees what has happened?
import { parseAgentId } from "../../../functions/core/ids.ts";
import { cpuMsOf } from "../stack/process-usage.ts";
import type { Puppet, PuppetStack } from "../stack/start-puppets.ts";
import { type Heart, nameOfBeat } from "./beat.ts";
import { type Change, nameOfChange } from "./change.ts";
import { type Audience, readLags } from "./deliveries.ts";
import { type Viewer, watch } from "./watch.ts";

export interface Sample {
  beatsPerSecond: number;
  answeredMs: number[];
  deliveredPerSecond: number;
  /** From what was said until one viewer sees it. */
  lagMs: number[];
  /** Of the stack: 1 is one core, all the time. */
  cores: number;
}

export interface Fleet {
  stack: Pick<PuppetStack, "pid" | "url" | "apiKey">;
  puppets: readonly Puppet[];
  heart: Heart;
  change: Change;
}

const headersOf = ({ apiKey }: Fleet["stack"]) => ({ "x-api-key": apiKey });
const feedUrl = ({ url }: Fleet["stack"], path: string) => `${url}/api/orchestrator${path}`;

/** All beat, and `act` goes on beside it. */
async function observe<T>({ stack, heart }: Fleet, ms: number, act?: () => Promise<T>) {
  const [cpuMs, startedAt] = [cpuMsOf(stack.pid), performance.now()];
  const [beats, done] = await Promise.all([heart.beat(ms), act?.()]);
  const cores = (cpuMsOf(stack.pid) - cpuMs) / (performance.now() - startedAt);
  const { answeredMs, inTime } = beats;
  return { beats, done, counted: { beatsPerSecond: (inTime * 1000) / ms, answeredMs, cores } };
}

export async function onlyBeat(fleet: Fleet, ms: number): Promise<Sample> {
  const { counted } = await observe(fleet, ms);
  return { ...counted, deliveredPerSecond: 0, lagMs: [] };
}

async function withViewers<T>(viewers: Viewer[], act: () => Promise<T>): Promise<T> {
  try {
    await Promise.all(viewers.map(({ ready }) => ready));
    return await act();
  } finally {
    await Promise.all(viewers.map((viewer) => viewer.close()));
  }
}

async function deliver(audience: readonly Audience[], ms: number) {
  const lagMs = await readLags(audience);
  return { deliveredPerSecond: (lagMs.length * 1000) / ms, lagMs };
}

/** Each viewer has the page of one task open: it sees its agent's beats. They are spread over the fleet, as the beats are over time. */
export function watchTasks(fleet: Fleet, viewers: number, ms: number): Promise<Sample> {
  const { stack, puppets } = fleet;
  const every = Math.floor(puppets.length / viewers);
  const agentIds = puppets.filter((_, n) => n % every === 0).map(({ agentId }) => agentId);
  const open = agentIds.slice(0, viewers).map((agentId) =>
    watch(feedUrl(stack, `/tasks/${parseAgentId(agentId)?.taskId}/events`), headersOf(stack), ({ event, data }) => {
      if (event !== "progress") return undefined;
      const { agentId, seq } = JSON.parse(data) as { agentId: string; seq: number };
      return nameOfBeat(agentId, seq);
    }),
  );
  return withViewers(open, async () => {
    const { beats, counted } = await observe(fleet, ms);
    const saidBy = (agentId = "") => new Map([...beats.sentAt].filter(([name]) => name.startsWith(`${agentId} `)));
    const audience = open.map((viewer, n) => ({ viewer, saidAt: saidBy(agentIds[n]) }));
    return { ...counted, ...(await deliver(audience, ms)) };
  });
}

/** Each viewer has the fleet's page open: it sees every change of every task. */
export function watchFleet(fleet: Fleet, viewers: number, ms: number, changesPerSecond: number): Promise<Sample> {
  const { stack, change } = fleet;
  const open = Array.from({ length: viewers }, () =>
    watch(feedUrl(stack, "/agents/events"), headersOf(stack), ({ event, data }) => {
      return event === "audit" ? nameOfChange((JSON.parse(data) as { data: object }).data) : undefined;
    }),
  );
  return withViewers(open, async () => {
    const { done: saidAt = new Map(), counted } = await observe(fleet, ms, () => change(ms, changesPerSecond));
    const audience = open.map((viewer) => ({ viewer, saidAt }));
    return { ...counted, ...(await deliver(audience, ms)) };
  });
}
