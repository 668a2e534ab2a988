// How do so many agents beat, each in its own time, however long the answers take?
import { setTimeout as pause } from "node:timers/promises";
import { aBeat } from "../stack/life.ts";
import type { Puppet } from "../stack/start-puppets.ts";

/** One at a time, as a supervisor does. */
interface Beating {
  puppet: Puppet;
  seq: number;
  dueAt: number;
  isUnderWay: boolean;
}

export interface Beats {
  /** In epoch milliseconds, by `nameOfBeat`. */
  sentAt: Map<string, number>;
  /** Between the moment a beat was due and its answer: one that had to wait for the one before it has waited. */
  answeredMs: number[];
  /** How many were answered before the time was over. */
  inTime: number;
}

const tickMs = 5;

export const nameOfBeat = (agentId: string, seq: number) => `${agentId} ${seq}`;

export class Heart {
  readonly #agents: Beating[];
  readonly #everyMs: number;

  constructor(puppets: readonly Puppet[], everyMs: number) {
    this.#agents = puppets.map((puppet) => ({ puppet, seq: 1, dueAt: 0, isUnderWay: false }));
    this.#everyMs = everyMs;
  }

  /** For so long; settles when the last beat is answered. */
  async beat(ms: number): Promise<Beats> {
    const beats: Beats = { sentAt: new Map(), answeredMs: [], inTime: 0 };
    const underWay = new Set<Promise<void>>();
    const startedAt = performance.now();
    const endsAt = startedAt + ms;
    // Spread over the time between two beats of one agent.
    for (const [n, agent] of this.#agents.entries()) {
      agent.dueAt = startedAt + (n * this.#everyMs) / this.#agents.length;
    }
    while (performance.now() < endsAt) {
      for (const agent of this.#agents) {
        if (agent.isUnderWay || agent.dueAt > performance.now()) continue;
        const { dueAt } = agent;
        agent.dueAt += this.#everyMs;
        const beat = this.#beatOnce(agent, dueAt, endsAt, beats).finally(() => underWay.delete(beat));
        underWay.add(beat);
      }
      await pause(tickMs);
    }
    await Promise.all(underWay);
    return beats;
  }

  async #beatOnce(agent: Beating, dueAt: number, endsAt: number, beats: Beats): Promise<void> {
    agent.isUnderWay = true;
    agent.seq += 1;
    beats.sentAt.set(nameOfBeat(agent.puppet.agentId, agent.seq), Date.now());
    await agent.puppet.say("beat", aBeat(agent.seq));
    const now = performance.now();
    beats.answeredMs.push(now - dueAt);
    if (now < endsAt) beats.inTime += 1;
    agent.isUnderWay = false;
  }
}
