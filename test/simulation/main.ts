// The program behind scripts/simulate.ts: runs many schedules, or replays one, and says what it found.
import { parseArgs } from "node:util";
import { nameFault } from "./engine/world.ts";
import { knownViolations } from "./known.ts";
import { quiet } from "./quiet.ts";
import { shrink } from "./shrink.ts";
import { type ScheduleResult, simulate } from "./simulate.ts";
import { Tally } from "./tally.ts";

const usage = "simulate.ts --schedules N [--from S] | --seed S     (--strict counts what is known, too)";
const hashesEvery = 50;
const twiceEvery = 100;
const shownFailures = 5;

const { values } = parseArgs({
  options: {
    schedules: { type: "string" },
    seed: { type: "string" },
    from: { type: "string" },
    strict: { type: "boolean", default: false },
    "until-first": { type: "boolean", default: false },
  },
});
const known = new Set(values.strict ? [] : Object.keys(knownViolations));
quiet();

if (values.schedules === undefined && values.seed === undefined) {
  console.log(usage);
  process.exitCode = 2;
} else if (values.schedules === undefined) await replay(Number(values.seed));
else await runMany(Number(values.schedules), Number(values.from ?? values.seed ?? 1));

async function replay(seed: number): Promise<void> {
  const result = await simulate(seed, { timeline: true, checkHashes: true, known });
  for (const line of result.timeline) console.log(line);
  console.log(`seed ${seed}, trace ${result.traceId}: ${describe(result)}`);
  process.exitCode = result.violation ? 1 : 0;
}

async function runMany(schedules: number, from: number): Promise<void> {
  const tally = new Tally();
  const start = performance.now();
  const cpuStart = process.cpuUsage();
  let differing = 0;
  for (let seed = from; seed < from + schedules; seed += 1) {
    const result = await simulate(seed, { checkHashes: seed % hashesEvery === 0, known });
    tally.add(result);
    if (result.violation && values["until-first"]) {
      console.log(`first violation: seed ${seed}, ${result.violation.code}`);
      break;
    }
    if (seed % twiceEvery !== 0) continue;
    // The same seed must give the same trace, or nothing here can be replayed.
    const again = await simulate(seed, { known });
    if (again.traceId !== result.traceId) differing += 1;
  }
  const seconds = (performance.now() - start) / 1000;
  const cpu = process.cpuUsage(cpuStart);
  const cpuSeconds = (cpu.user + cpu.system) / 1e6;
  if (!values["until-first"]) for (const line of tally.lines()) console.log(line);
  if (!values["until-first"]) for (const failure of tally.violations.slice(0, shownFailures)) await explain(failure);
  const perSecond = Math.round(tally.schedules / seconds);
  const perCpuSecond = Math.round(tally.schedules / cpuSeconds);
  for (const [code, times] of tally.known)
    console.log(`known: ${code} in ${times} schedules. ${knownViolations[code]}`);
  const missing = tally.missing();
  if (missing.length > 0) console.log(`never happened: ${missing.join(", ")}`);
  if (differing > 0) console.log(`${differing} seeds gave two different traces`);
  console.log(`${perCpuSecond} schedules for each second of CPU`);
  console.log(`${tally.schedules} schedules, ${tally.violations.length} violations, ${perSecond}/s`);
  if (tally.violations.length > 0 || differing > 0) process.exitCode = 1;
}

async function explain(failure: ScheduleResult): Promise<void> {
  const small = await shrink(failure, { known });
  console.log(`\nseed ${failure.seed}: ${describe(failure)}`);
  console.log(`  shrunk from ${failure.faults.length} faults to ${small.faults.length}:`);
  for (const fault of small.faults)
    console.log(`  ${(fault.at / 1000).toFixed(3)} s  ${fault.kind}  (${nameFault(fault)})`);
  console.log(`  replay: node scripts/simulate.ts --seed ${failure.seed}\n`);
}

function describe({ violation, steps, faults }: ScheduleResult): string {
  const end = violation ? `${violation.code}: ${violation.message}` : "all invariants hold";
  return `${steps} steps, ${faults.length} faults; ${end}`;
}
