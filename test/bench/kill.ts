// How long from a kill's commit until nothing of the task is accepted, and until no process of it is left?
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Bench, type BenchOptions, exactly, type Measured, percentile, type Row, rowOf } from "./bench.ts";
import { loads } from "./kill/hostile-loads.ts";
import { now, raiseVictims, type Victim, type Watched, watch } from "./kill/victims.ts";
import { makeRepository } from "./stack/make-repository.ts";
import { submitCommand } from "./stack/run-task.ts";
import { type Stack, startStack } from "./stack/start-stack.ts";

interface Sizes {
  rounds: number;
  /** How many agents run at once, in turn. */
  levels: readonly number[];
  /** In each round, of each level. */
  kills: number;
  queued: number;
}

const usual: Sizes = { rounds: 3, levels: [1, 10, 20], kills: 20, queued: 1_000 };
const whole: Sizes = { ...usual, rounds: 10 };
const small: Sizes = { rounds: 1, levels: [1, 3], kills: 3, queued: 20 };
const allAtOnce = 20;
const submittersAtOnce = 16;
const askAgainMs = 10;

interface Killed extends Watched {
  load: string;
  /** Written with the kill, a moment before its commit was done; of a kill-all, when it was asked for. */
  committedAt: number;
}

async function killTogether(stack: Stack, repository: string, count: number): Promise<Killed[]> {
  const victims = await raiseVictims(stack, repository, count);
  return checked(await Promise.all(victims.map((victim) => killOne(stack, victim, victims.length))));
}

function checked(killed: Killed[]): Killed[] {
  for (const { load, slipped, left } of killed) {
    if (slipped + left > 0)
      throw new Error(`"${load}": ${slipped} effects were accepted after a kill, ${left} processes are left`);
  }
  return killed;
}

async function killOne(stack: Stack, victim: Victim, among: number): Promise<Killed> {
  let answered = false;
  const watching = watch(stack, victim, among, () => answered);
  const { task } = (await (await stack.ask("POST", `/tasks/${victim.taskId}/kill`, { reason: "measured" })).json()) as {
    task: { updatedAt: string };
  };
  answered = true;
  return { load: victim.load.name, committedAt: Date.parse(task.updatedAt), ...(await watching) };
}

interface KilledAll {
  /** Answered, which is when the stop's fence is written. */
  fencedMs: number;
  finishedMs: number;
  killed: Killed[];
}

/** What waits or runs in the workspace, by one request. The workspace is released afterwards. */
async function killAll(stack: Stack, victims: readonly Victim[]): Promise<KilledAll> {
  const committedAt = now();
  // A beat has no effect outside, and is answered until its task is ended: the fence is not asked for each of them.
  const watching = victims.map(async (victim) => {
    const watched = await watch(stack, victim, victims.length, () => false);
    return { load: victim.load.name, committedAt, ...watched };
  });
  const asked = await stack.ask("POST", "/workspaces/default/kill-all", { reason: "measured" });
  const fencedMs = now() - committedAt;
  let operation = (await asked.json()) as { operationId: string; finished: boolean };
  while (!operation.finished) {
    await pause(askAgainMs);
    const seen = await stack.ask("GET", `/operations/${operation.operationId}`);
    operation = (await seen.json()) as typeof operation;
  }
  const finishedMs = now() - committedAt;
  const killed = checked(await Promise.all(watching));
  await stack.ask("POST", "/workspaces/default/release", { reason: "measured" });
  return { fencedMs, finishedMs, killed };
}

async function killQueued(stack: Stack, repository: string, count: number): Promise<KilledAll> {
  await stack.ask("POST", "/workspaces/default/pause", { reason: "measured" });
  let left = count;
  const submitSome = async () => {
    for (; left > 0; ) {
      left -= 1;
      await submitCommand(stack, repository, ["true"]);
    }
  };
  await Promise.all(Array.from({ length: submittersAtOnce }, submitSome));
  const killed = await killAll(stack, []);
  await stack.ask("POST", "/workspaces/default/resume", { reason: "measured" });
  return killed;
}

function rowsOf(group: string, killed: readonly Killed[]): Row[] {
  const refused = killed.map(({ refusedAt, committedAt }) => refusedAt - committedAt);
  const gone = killed.map(({ goneAt, committedAt }) => goneAt - committedAt);
  const p99 = (sample: number[]) => `p99 of ${sample.length}: ${percentile(sample, 0.99).toFixed(0)} ms`;
  return [
    rowOf(group, "until effects are refused", "ms", refused, p99(refused)),
    rowOf(group, "until no process is left", "ms", gone, p99(gone)),
  ];
}

async function measure({ quick, full }: BenchOptions): Promise<Measured> {
  const { rounds, levels, kills, queued } = quick ? small : full ? whole : usual;
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
    const all = [...byLevel.values()].flat();
    const rows = [...byLevel].flatMap(([atOnce, killed]) =>
      rowsOf(`${atOnce} at once, each by a kill of its own, from its commit`, killed),
    );
    for (const { name } of loads) {
      const gone = all.filter(({ load }) => load === name).map(({ goneAt, committedAt }) => goneAt - committedAt);
      if (gone.length > 0) rows.push(rowOf("until no process is left, by what the agent does", name, "ms", gone));
    }
    const running = await killAll(stack, await raiseVictims(stack, repository, quick ? 3 : allAtOnce));
    const waiting = await killQueued(stack, repository, queued);
    return {
      rounds,
      sizes: { "kills of one": all.length, "agents in a kill-all": running.killed.length, "queued tasks": queued },
      rows: [
        ...rows,
        ...rowsOf(`a kill-all of ${running.killed.length} agents, from the request`, running.killed),
        exactly(
          `a kill-all of ${running.killed.length} agents, from the request`,
          "until each task is killed",
          "ms",
          running.finishedMs,
        ),
        exactly(
          `a kill-all of ${queued} queued tasks, from the request`,
          "until it is answered: none of them can start",
          "ms",
          waiting.fencedMs,
        ),
        exactly(
          `a kill-all of ${queued} queued tasks, from the request`,
          "until each task is killed",
          "ms",
          waiting.finishedMs,
        ),
      ],
      remarks: [`${all.length + running.killed.length} agents killed, 0 effects accepted afterwards, 0 processes left`],
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
    "The agents do what makes them hard to kill, in turn; so do the levels. Each one's own token is used for heartbeats from outside, one every few milliseconds for all that are watched together, until one is refused because its attempt is over; its supervisor and the first process of each of its namespaces are looked for, one agent every millisecond, so that who watches takes no more of the machine with twenty than with one. A bench in which a heartbeat is accepted afterwards, or a process is found, fails.",
  doesNotShow:
    "how long Fargate takes to stop a task. A kill-all fences every effect when it is answered; heartbeats have none, and are refused when their own task is ended. The stack, the agents and who watches share the machine, so twenty hostile ones delay their own end.",
  measure,
};
