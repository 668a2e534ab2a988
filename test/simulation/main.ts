// The program behind scripts/simulate.ts: runs many schedules, or replays one, and says what it found.
import { fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { nameFault } from "./engine/world.ts";
import { knownViolations } from "./known.ts";
import { type Part, runPart, type Seeds } from "./part.ts";
import { quiet } from "./quiet.ts";
import { shrink } from "./shrink.ts";
import { type ScheduleResult, simulate } from "./simulate.ts";
import { Tally } from "./tally.ts";

const usage =
  "simulate.ts --schedules N [--from S] [--processes P] | --seed S     (--strict counts what is known, too)";
/** Fewer are done before another process has read the program. */
const fewestOfProcess = 1_000;
const shownFailures = 5;

const { values } = parseArgs({
  options: {
    schedules: { type: "string" },
    seed: { type: "string" },
    from: { type: "string" },
    processes: { type: "string", default: String(availableParallelism()) },
    strict: { type: "boolean", default: false },
    "until-first": { type: "boolean", default: false },
    /** Of a process that runs some seeds for another one. */
    part: { type: "string" },
  },
});
const known = new Set(values.strict ? [] : Object.keys(knownViolations));
quiet();

if (values.part !== undefined) await runForAnother(JSON.parse(values.part) as Seeds);
else if (values.schedules === undefined && values.seed === undefined) {
  console.log(usage);
  process.exitCode = 2;
} else if (values.schedules === undefined) await replay(Number(values.seed));
else {
  const [schedules, from] = [Number(values.schedules), Number(values.from ?? values.seed ?? 1)];
  await (values["until-first"] ? runUntilFirst(schedules, from) : runMany(schedules, from));
}

async function replay(seed: number): Promise<void> {
  const result = await simulate(seed, { timeline: true, checkHashes: true, known });
  for (const line of result.timeline) console.log(line);
  console.log(`seed ${seed}, trace ${result.traceId}: ${describe(result)}`);
  process.exitCode = result.violation ? 1 : 0;
}

async function runForAnother(seeds: Seeds): Promise<void> {
  const part = await runPart(seeds, { known });
  process.send?.(part, () => process.disconnect());
}

async function runUntilFirst(schedules: number, from: number): Promise<void> {
  const { tally, first } = await runPart({ from, until: from + schedules, step: 1 }, { known }, true);
  if (first) console.log(`first violation: ${first}`);
  console.log(`${tally.schedules} schedules, ${tally.failing.length} violations`);
  if (first) process.exitCode = 1;
}

async function runMany(schedules: number, from: number): Promise<void> {
  const start = performance.now();
  const processes = Math.max(1, Math.min(Number(values.processes), Math.floor(schedules / fewestOfProcess)));
  const seedsOf = (n: number): Seeds => ({ from: from + n, until: from + schedules, step: processes });
  const others = Array.from({ length: processes - 1 }, (_, n) => askAnother(seedsOf(n + 1)));
  const parts = await Promise.all([runPart(seedsOf(0), { known }), ...others]);
  const seconds = (performance.now() - start) / 1000;
  const tally = new Tally();
  for (const part of parts) tally.merge(part.tally);
  for (const line of tally.lines()) console.log(line);
  for (const seed of tally.failing.slice(0, shownFailures)) await explain(seed);
  for (const [code, times] of tally.known)
    console.log(`known: ${code} in ${times} schedules. ${knownViolations[code]}`);
  const missing = tally.missing();
  if (missing.length > 0) console.log(`never happened: ${missing.join(", ")}`);
  const differing = parts.flatMap((part) => part.differing);
  if (differing.length > 0) console.log(`two different traces: seeds ${differing.join(", ")}`);
  const cpuSeconds = parts.reduce((sum, part) => sum + part.cpuSeconds, 0);
  const perCpuSecond = Math.round(tally.schedules / cpuSeconds);
  console.log(`${processes} processes, ${perCpuSecond} schedules for each second of CPU`);
  const perSecond = Math.round(tally.schedules / seconds);
  console.log(`${tally.schedules} schedules, ${tally.failing.length} violations, ${perSecond}/s`);
  if (tally.failing.length > 0 || differing.length > 0) process.exitCode = 1;
}

async function askAnother(seeds: Seeds): Promise<Part> {
  const child = fork(import.meta.filename, ["--part", JSON.stringify(seeds), ...(values.strict ? ["--strict"] : [])]);
  const died = once(child, "exit").then(([code]) => {
    throw new Error(`the process for the seeds from ${seeds.from} on ended with ${code}`);
  });
  const told = once(child, "message").then(([part]) => part as Part);
  died.catch(() => undefined); // Once it has told, its end is no news.
  return Promise.race([told, died]);
}

/** The same seed fails the same way here. */
async function explain(seed: number): Promise<void> {
  const failure = await simulate(seed, { known, checkHashes: true });
  const small = await shrink(failure, { known, checkHashes: true });
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
