// How many schedules does the simulation run in a second?
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { type Bench, type BenchOptions, type Measured, rowOf, takeTurns } from "./bench.ts";

const script = resolve(import.meta.dirname, "../../scripts/simulate.ts");

async function measure({ quick }: BenchOptions): Promise<Measured> {
  const [rounds, schedules] = quick ? [1, 1_000] : [3, 4_000];
  let from = 1;
  const taken = await takeTurns(["simulation"], rounds, async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      script,
      "--schedules",
      String(schedules),
      "--from",
      String(from),
    ]);
    from += schedules;
    const read = (form: RegExp) => Number(form.exec(stdout)?.[1] ?? Number.NaN);
    return {
      perSecond: read(/(\d+)\/s$/m),
      perCpuSecond: read(/(\d+) schedules for each second of CPU/),
      steps: read(/([\d.]+) steps a schedule/),
    };
  });
  const of = (what: "perSecond" | "perCpuSecond") => (taken.get("simulation") ?? []).map((one) => one[what]);
  const steps = taken.get("simulation")?.at(-1)?.steps.toFixed(0);
  const group = "the simulation";
  const rows = [
    rowOf(group, "in a second", "schedules", of("perSecond"), `${steps} steps each`),
    rowOf(group, "in a second of CPU", "schedules", of("perCpuSecond")),
  ];
  return { rounds, sizes: { "schedules a round": schedules }, rows, remarks: [] };
}

export const bench: Bench = {
  name: "simulation",
  title: "The simulation",
  compares: "Schedules in a second beside schedules in a second of CPU.",
  method:
    "`npm run simulate` runs in as many processes as there are cores; each round has seeds that none before had, and begins cold.",
  doesNotShow: "how much a schedule proves: `npm run mutants` does.",
  measure,
};
