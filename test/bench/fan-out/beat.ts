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
  /** Between the moment a beat was due and its answer: one that had to wait for the one before it has waited. */
  answeredMs: number[];
}

const tickMs = 5;

export class Heart {
  readonly #agents: Beating[];
  readonly #everyMs: number;
  /** When each was sent, in epoch milliseconds, by `agentId seq`. */
  readonly sentAt = new Map<string, number>();

  constructor(puppets: readonly Puppet[], everyMs: number) {
    this.#agents = puppets.map((puppet) => ({ puppet, seq: 1, dueAt: 0, isUnderWay: false }));
    this.#everyMs = everyMs;
  }

  /** For so long; settles when the last beat is answered. */
  async beat(ms: number): Promise<Beats> {
    const beats: Beats = { answeredMs: [] };
    const underWay = new Set<Promise<void>>();
    const startedAt = performance.now();
    // Spread over the time between two beats of one agent.
    for (const [n, agent] of this.#agents.entries()) {
      agent.dueAt = startedAt + (n * this.#everyMs) / this.#agents.length;
    }
    while (performance.now() < startedAt + ms) {
      for (const agent of this.#agents) {
        if (agent.isUnderWay || agent.dueAt > performance.now()) continue;
        const { dueAt } = agent;
        agent.dueAt += this.#everyMs;
        const beat = this.#beatOnce(agent, dueAt, beats).finally(() => underWay.delete(beat));
        underWay.add(beat);
      }
      await pause(tickMs);
    }
    await Promise.all(underWay);
    return beats;
  }

  async #beatOnce(agent: Beating, dueAt: number, beats: Beats): Promise<void> {
    agent.isUnderWay = true;
    agent.seq += 1;
    this.sentAt.set(`${agent.puppet.agentId} ${agent.seq}`, Date.now());
    await agent.puppet.say("beat", aBeat(agent.seq));
    beats.answeredMs.push(performance.now() - dueAt);
    agent.isUnderWay = false;
  }
}
