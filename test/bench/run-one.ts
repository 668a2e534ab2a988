// What does one bench measure on this machine? Prints its tables and, unless they are of small sizes, keeps the result.
import { spawnSync } from "node:child_process";
import { arch, cpus, loadavg, totalmem } from "node:os";
import { benches } from "./benches.ts";
import { describeMachine, keepResult, printTables, type Result } from "./page.ts";

const [name = "", sizes] = process.argv.slice(2);
const load = benches[name];
if (!load) throw new Error(`There is no bench "${name}".`);
const { measure, ...description } = (await load()).bench;

const now = () => loadavg()[0] ?? 0;
const commit = spawnSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).stdout?.trim();
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
  ...(commit ? { commit } : {}),
  machine,
  load: { start: loadAtStart, end: now() },
  ...measured,
};
printTables(result);
const whyNotKept = sizes === "--quick" ? undefined : keepResult(result);
if (whyNotKept) console.error(whyNotKept);
// Whatever a bench has left open, its figures are complete.
process.exit(0);
