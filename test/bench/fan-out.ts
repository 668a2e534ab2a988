// How many agents may beat, and how many people look on, before either becomes slow?
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bench, type BenchOptions, type Measured, percentile, type Row, rowOf, takeTurns } from "./bench.ts";
import { Heart } from "./fan-out/beat.ts";
import { openChange } from "./fan-out/change.ts";
import { type Fleet, onlyBeat, type Sample, watchFleet, watchTasks } from "./fan-out/phases.ts";
import { requestFor } from "./stack/life.ts";
import { makeRepository } from "./stack/make-repository.ts";
import { startRememberingRemote } from "./stack/remembering-remote.ts";
import { runMany } from "./stack/run-many.ts";
import { startPuppets } from "./stack/start-puppets.ts";

/** Agents on AWS beat every 30 seconds. Three times as often, so that seconds are enough to measure. */
const beatEveryMs = 10_000;
const changesPerSecond = 5;
const withoutMs = 24 * 60 * 60_000;

async function measure({ quick }: BenchOptions): Promise<Measured> {
  const [agents, viewers, rounds, ms] = quick ? [40, 10, 1, 3_000] : [1_000, 200, 3, 10_000];
  const home = mkdtempSync(join(tmpdir(), "drover-fan-out-"));
  const remote = await startRememberingRemote(makeRepository(join(home, "repository")));
  // None is given up while the others are still made.
  const stack = await startPuppets({ DROVER_SLOTS: String(agents), DROVER_LEASE_MS: String(withoutMs) });
  try {
    const { puppets } = await runMany(stack, agents, () => requestFor(remote.url));
    const fleet: Fleet = { stack, puppets, heart: new Heart(puppets, beatEveryMs), change: openChange(puppets) };
    const phases = {
      "nobody looks on": () => onlyBeat(fleet, ms),
      [`${viewers} look at a task each`]: () => watchTasks(fleet, viewers, ms),
      [`${viewers} look at the fleet`]: () => watchFleet(fleet, viewers, ms, changesPerSecond),
    };
    const samples = await takeTurns(Object.entries(phases), rounds, ([, act]) => act());
    const rows = [...samples].flatMap(([[name], taken]) => rowsOf(name, taken));
    return { rounds, sizes: { agents, viewers, "ms a turn": ms }, rows, remarks: [] };
  } finally {
    await stack.close();
    await remote.close();
    await rm(home, { recursive: true, force: true });
  }
}

function rowsOf(name: string, samples: Sample[]): Row[] {
  const of = (part: "beatsPerSecond" | "deliveredPerSecond" | "cores") => samples.map((sample) => sample[part]);
  const spread = (what: string, all: number[]) => [
    rowOf(name, what, "ms", all, `p99 of ${all.length.toLocaleString("en")}: ${percentile(all, 0.99).toFixed(0)} ms`),
  ];
  const lags = samples.flatMap(({ lagMs }) => lagMs);
  const delivered = [
    rowOf(name, "events delivered", "/s", of("deliveredPerSecond")),
    ...spread("from what was said until a viewer sees it", lags),
  ];
  return [
    rowOf(name, "beats answered in time", "/s", of("beatsPerSecond")),
    ...spread(
      "a beat's answer",
      samples.flatMap(({ answeredMs }) => answeredMs),
    ),
    ...(lags.length > 0 ? delivered : []),
    rowOf(name, "CPU of the stack", "cores", of("cores")),
  ];
}

export const bench: Bench = {
  name: "fan-out",
  title: "Many agents, many viewers",
  compares: `A thousand agents that beat every ${beatEveryMs / 1000} seconds, while nobody looks on, beside the same while two hundred people do.`,
  method: `One local stack, all on one machine, the viewers and those who beat too. On AWS an agent beats every 30 seconds. Who looks at a task gets its agent's beats (its feed looks at the table four times a second), who looks at the fleet gets each of ${changesPerSecond} changes of state a second (twice a second). A beat's answer is timed from the moment it was due; in time is one that came before the turn was over. What an agent says is timed from the moment it says it. Each viewer must have seen all that it should two seconds after the turn, or the bench fails. Sandboxes start no process.`,
  doesNotShow:
    "AWS, where every stream is served by a function of its own: there viewers cost money, and do not slow each other or the agents.",
  measure,
};
