// What has one process seen of a run that is spread over several? As it goes from one to the other.
import { simulate } from "./simulate.ts";
import type { StageOptions } from "./stage.ts";
import { Tally, type TallySnapshot } from "./tally.ts";

export interface Part {
  tally: TallySnapshot;
  /** Seeds that gave another trace the second time. */
  differing: number[];
  cpuSeconds: number;
}

const hashesEvery = 20;
const twiceEvery = 100;

/** Every `step`-th seed, so that each part has its share of what is rare and long. */
export interface Seeds {
  from: number;
  until: number;
  step: number;
}

export async function runPart(
  { from, until, step }: Seeds,
  options: StageOptions,
  untilFirst = false,
): Promise<Part & { first?: string }> {
  const tally = new Tally();
  const differing: number[] = [];
  const cpuStart = process.cpuUsage();
  let first: string | undefined;
  for (let seed = from; seed < until && !first; seed += step) {
    const result = await simulate(seed, { ...options, checkHashes: seed % hashesEvery === 0 });
    tally.add(result);
    if (result.violation && untilFirst) first = `seed ${seed}, ${result.violation.code}`;
    if (seed % twiceEvery !== 0) continue;
    // The same seed must give the same trace, or nothing here can be replayed.
    const again = await simulate(seed, options);
    if (again.traceId !== result.traceId) differing.push(seed);
  }
  const { user, system } = process.cpuUsage(cpuStart);
  return { tally: tally.snapshot(), differing, cpuSeconds: (user + system) / 1e6, ...(first ? { first } : {}) };
}
