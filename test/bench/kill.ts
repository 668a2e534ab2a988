// How long from a kill until a heartbeat is refused, and until no process is left? And is anything taken of what the agent says afterwards?
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bench, type BenchOptions, type Measured, percentile, type Row, rowOf } from "./bench.ts";
import { loads } from "./kill/hostile-loads.ts";
import { isAccepted, type Late } from "./kill/insist.ts";
import { type KilledAll, killAll, killQueued } from "./kill/kill-alls.ts";
import { type Killed, raiseVictims, since, type Victim, watch } from "./kill/victims.ts";
import { makeRepository } from "./stack/make-repository.ts";
import { type Stack, startStack } from "./stack/start-stack.ts";

interface Sizes {
  rounds: number;
  /** How many agents run at once, in turn. */
  levels: readonly number[];
  /** In each round, of each level. */
  kills: number;
  /** In a kill-all of those that run, and how many of those kill-alls. */
  running: number;
  ofRunning: number;
  /** The same of those that wait. */
  queued: number;
  ofQueued: number;
}

const usual: Sizes = {
  ...{ rounds: 2, levels: [1, 10, 20], kills: 20 },
  ...{ running: 20, ofRunning: 3, queued: 1_000, ofQueued: 1 },
};
const whole: Sizes = { ...usual, rounds: 10, ofRunning: 5, ofQueued: 3 };
const small: Sizes = {
  ...{ rounds: 1, levels: [1, 3], kills: 3 },
  ...{ running: 3, ofRunning: 1, queued: 20, ofQueued: 1 },
};
/** Of fewer the 99th hundredth is the last one. */
const enoughForP99 = 100;

async function killTogether(stack: Stack, repository: string, count: number): Promise<Killed[]> {
  const victims = await raiseVictims(stack, repository, count);
  return Promise.all(victims.map((victim) => killOne(stack, victim, victims.length)));
}

async function killOne(stack: Stack, victim: Victim, among: number): Promise<Killed> {
  const told = { fenced: false, ended: false };
  const kill = async () => {
    const answer = await stack.ask("POST", `/tasks/${victim.taskId}/kill`, { reason: "measured" });
    const { task } = (await answer.json()) as { task: { updatedAt: string } };
    told.fenced = true;
    told.ended = true;
    // Written with the kill, a moment before its commit was done.
    return Date.parse(task.updatedAt);
  };
  const [watched, committedAt] = await Promise.all([watch(victim, among, told), kill()]);
  return since(committedAt, watched);
}

function rowsOf(group: string, killed: readonly Killed[]): Row[] {
  const row = (what: string, sample: number[]) => rowOf(group, what, "ms", sample, describeLongest(sample));
  return [
    row(
      "until a heartbeat is refused",
      killed.map(({ heartbeatMs }) => heartbeatMs),
    ),
    row(
      "until no process is left",
      killed.map(({ goneMs }) => goneMs),
    ),
  ];
}

function describeLongest(sample: readonly number[]): string {
  const isEnough = sample.length >= enoughForP99;
  return `${isEnough ? `p99 of ${sample.length}:` : "at most"} ${percentile(sample, isEnough ? 0.99 : 1).toFixed(0)} ms`;
}

function rowsOfAll(group: string, all: readonly KilledAll[]): Row[] {
  const row = (what: string, msOf: (one: KilledAll) => number) => rowOf(group, what, "ms", all.map(msOf));
  const victims = all.flatMap((one) => one.victims);
  return [
    row("until the fence is written", ({ fencedMs }) => fencedMs),
    row("until it is answered", ({ answeredMs }) => answeredMs),
    ...(victims.length > 0 ? rowsOf(group, victims) : []),
    row("until each task is killed", ({ finishedMs }) => finishedMs),
  ];
}

/** Each was refused, or `watch` would have thrown. */
function describeLate(killed: readonly Killed[]): string[] {
  const late = killed.flatMap((one) => one.late);
  const count = (which: (word: Late) => boolean) => late.filter(which).length.toLocaleString("en");
  const said = (verb: string) => count((word) => word.verb === verb);
  return [
    `${killed.length} agents killed, 0 processes left`,
    `Accepted afterwards of ${said("beat")} heartbeats, ${said("work-done")} reports of work, ${said("permit")} requests for a permit to push and ${said("complete")} ends without a push: ${count(isAccepted)}; ${count(({ refusal }) => refusal === "task_stopped")} of them were refused by a kill-all's fence alone, before their own task was killed`,
  ];
}

async function repeat<T>(times: number, act: (time: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  while (results.length < times) results.push(await act(results.length + 1));
  return results;
}

async function measure({ quick, full }: BenchOptions): Promise<Measured> {
  const { rounds, levels, kills, running, ofRunning, queued, ofQueued } = quick ? small : full ? whole : usual;
  const home = mkdtempSync(join(tmpdir(), "drover-kills-"));
  const repository = makeRepository(join(home, "repository"));
  const settings = { DROVER_BEAT_MS: "500", DROVER_REQUESTS_PER_MINUTE: "1000000", DROVER_SLOTS: "20" };
  const stack = await startStack(join(home, "data"), settings);
  try {
    const byLevel = new Map(levels.map((atOnce) => [atOnce, [] as Killed[]]));
    for (let round = 1; round <= rounds; round += 1) {
      for (const [atOnce, killed] of byLevel) {
        while (killed.length < round * kills) killed.push(...(await killTogether(stack, repository, atOnce)));
        console.error(`round ${round} of ${rounds}: ${killed.length} killed with ${atOnce} at once`);
      }
    }
    const allRunning = await repeat(ofRunning, async (time) => {
      const killed = await killAll(stack, await raiseVictims(stack, repository, running));
      console.error(`kill-all ${time} of ${ofRunning}: ${running} agents`);
      return killed;
    });
    const allQueued = await repeat(ofQueued, async (time) => {
      const killed = await killQueued(stack, repository, queued);
      console.error(`kill-all ${time} of ${ofQueued}: ${queued} queued tasks`);
      return killed;
    });
    const ofOne = [...byLevel.values()].flat();
    const byLoad = loads.flatMap(({ name }) => {
      const gone = ofOne.filter(({ load }) => load === name).map(({ goneMs }) => goneMs);
      return gone.length > 0 ? [rowOf("until no process is left, by what the agent does", name, "ms", gone)] : [];
    });
    return {
      rounds,
      full,
      sizes: {
        "kills of one": ofOne.length,
        [`kill-alls of ${running} agents`]: ofRunning,
        [`kill-alls of ${queued.toLocaleString("en")} queued tasks`]: ofQueued,
      },
      rows: [
        ...[...byLevel].flatMap(([atOnce, killed]) =>
          rowsOf(`${atOnce} at once, each by a kill of its own, from its commit`, killed),
        ),
        ...byLoad,
        ...rowsOfAll(`a kill-all of ${running} agents, from the request`, allRunning),
        ...rowsOfAll(`a kill-all of ${queued.toLocaleString("en")} queued tasks, from the request`, allQueued),
      ],
      remarks: describeLate([...ofOne, ...allRunning.flatMap(({ victims }) => victims)]),
    };
  } finally {
    await stack.close();
    rmSync(home, { recursive: true, force: true });
  }
}

export const bench: Bench = {
  name: "kill",
  title: "Kills",
  compares:
    "One agent that is killed alone beside ten and twenty that are killed at the same moment, and all of them by one request.",
  method:
    "The agents do what makes them hard to kill, in turn; so do the levels. Every second one has reported work before, so that a permit or an end is all that it lacks. Each one's own token is used from outside for heartbeats, one every few milliseconds for all that are watched together, until one is refused because its attempt is over; and for what would have an effect, a report of work, the request for a permit to push or an end without a push, from the answer to the kill on, and of a kill-all from when its fence can be read, which is before its answer. Its supervisor and the first process of each of its namespaces are looked for, one agent every millisecond, so that who watches takes no more of the machine with twenty than with one. The fence is as old as the stop itself says, which reads the clock just before it writes. A bench fails in which a word that has an effect is accepted from then on, or a heartbeat after its task's end, or in which a process is found.",
  doesNotShow:
    "how long Fargate takes to stop a task. A kill-all's fence is looked at by whatever has an effect on drover, and not by heartbeats, which have none: they are refused when their own task is ended. What an agent sends to hosts that it may reach is held back by neither, and ends with its processes. The stack, the agents and who watches share the machine, so twenty hostile ones delay their own end.",
  measure,
};
