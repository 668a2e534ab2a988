// How many schedules does the simulation run in a second?
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { type Bench, type BenchOptions, type Measured, median, rowOf } from "./bench.ts";

const script = resolve(import.meta.dirname, "../../scripts/simulate.ts");
const wantedPerCpuSecond = 2_000;

interface Round {
  perSecond: number;
  perCpuSecond: number;
  steps: number;
}

async function runRound(schedules: number, from: number): Promise<Round> {
  const args = [script, "--schedules", String(schedules), "--from", String(from)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const read = (form: RegExp) => {
    const found = form.exec(stdout)?.[1];
    if (!found) throw new Error(`the simulation of ${schedules} schedules from ${from} on did not say ${form}`);
    return Number(found);
  };
  return {
    perSecond: read(/(\d+)\/s$/m),
    perCpuSecond: read(/(\d+) schedules for each second of CPU/),
    steps: read(/([\d.]+) steps a schedule/),
  };
}

async function measure({ quick }: BenchOptions): Promise<Measured> {
  const [rounds, schedules] = quick ? [1, 1_000] : [3, 20_000];
  const all: Round[] = [];
  for (let n = 0; n < rounds; n += 1) all.push(await runRound(schedules, 1 + n * schedules));
  const of = (what: keyof Round) => all.map((round) => round[what]);
  const group = "the simulation";
  const part = median(of("perCpuSecond")) / wantedPerCpuSecond;
  return {
    rounds,
    sizes: { "schedules a round": schedules },
    rows: [
      rowOf(group, "in a second", "schedules", of("perSecond"), `${median(of("steps")).toFixed(0)} steps each`),
      rowOf(group, "in a second of CPU", "schedules", of("perCpuSecond"), `${part.toFixed(2)} × what is wanted`),
    ],
    remarks: [
      `Wanted are ${wantedPerCpuSecond.toLocaleString("en")} in a second of CPU; docs/unverified.md says what keeps it below.`,
    ],
  };
}

export const bench: Bench = {
  name: "simulation",
  title: "The simulation",
  compares: "What a schedule takes of the CPU beside what it should take.",
  method:
    "`npm run simulate` runs in as many processes as there are cores. In a second: how long a run is waited for here. In a second of CPU: what can be held against other machines, whatever else they do. Each round has seeds that none before had; each begins cold, so what its processes compile at first is in it.",
  doesNotShow: "how much a schedule proves: `npm run mutants` does.",
  measure,
};
