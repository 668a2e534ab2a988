// What does one bench measure on this machine? Prints its tables and, unless they are of small sizes, keeps the result.
import { writeFileSync } from "node:fs";
import { arch, cpus, loadavg, totalmem } from "node:os";
import { benches } from "./benches.ts";
import { describeMachine, printTables, type Result, resultPathOf } from "./page.ts";

const [name = "", sizes] = process.argv.slice(2);
const load = benches[name];
if (!load) throw new Error(`There is no bench "${name}".`);
const { measure, ...description } = (await load()).bench;

const now = () => loadavg()[0] ?? 0;
const machine = {
  cores: cpus().length,
  cpu: cpus()[0]?.model ?? "unknown",
  arch: arch(),
  memoryGb: Math.round(totalmem() / 2 ** 30),
  node: process.version,
};
console.log(`\n${description.title}: ${description.compares}\n${describeMachine(machine)}`);
const loadAtStart = now();
if (loadAtStart > machine.cores)
  console.error(`The machine is busy (load ${loadAtStart.toFixed(1)} on ${machine.cores} cores): so are its figures.`);
const measured = await measure({ quick: sizes === "--quick", full: sizes === "--full" }).catch((error: unknown) => {
  console.error(error instanceof Error && !process.env.DEBUG ? error.message : error);
  process.exit(1);
});
const result: Result = {
  ...description,
  at: new Date().toISOString(),
  machine,
  load: { start: loadAtStart, end: now() },
  ...measured,
};
if (sizes !== "--quick") writeFileSync(resultPathOf(name), `${JSON.stringify(result, null, 2)}\n`);
printTables(result);
// Whatever a bench has left open, its figures are complete.
process.exit(0);
