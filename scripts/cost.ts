// What does drover cost on AWS? `npm run cost` counts every request of the golden paths on the local stack, and prices them.
import { join, resolve } from "node:path";
import { priceIdle, type Standing } from "./cost/idle.ts";
import { walkAll } from "./cost/paths.ts";
import { type FunctionSettings, priceCounts, totalOf } from "./cost/price-counts.ts";
import { dollars, printBill, printMonth, printPath, printPathsHead, printRequests } from "./cost/print.ts";
import { openStage } from "./cost/stage.ts";
import { countTask, heartbeatsOf, priceSandbox, uploadsOf, type Work } from "./cost/task-price.ts";

const checkout = resolve(import.meta.dirname, "..");
const functions: FunctionSettings = { memoryGb: 0.5, logBytesPerCall: 512 };
/** Wake-ups, their dead letters, notices, intake. */
const standing: Standing = { queueMappings: 4, roundsPerMinute: 1 };
const sandbox = { cpu: 2, memoryGb: 8 };
const commandTask: Work = { minutes: 15, modelCalls: 0 };
const modelTask: Work = { minutes: 15, modelCalls: 40 };

const stage = await openStage(join(checkout, ".drover"));
const paths = await walkAll(stage).finally(stage.close);
const price = (counts: Parameters<typeof priceCounts>[0]) => priceCounts(counts, functions);

console.log("What each golden path asks for, from its submission until nothing is owed (without heartbeats' minutes):");
printPathsHead();
const names: Record<keyof typeof paths, string> = {
  completed: "a command, its branch pushed",
  unchanged: "a command that changes nothing",
  killedRunning: "killed while it runs",
  killedQueued: "killed while it waits",
  retried: "its sandbox lost, the second attempt pushed",
  beat: "a heartbeat of a command",
  modelBeat: "a heartbeat of a model",
  silentBeat: "a heartbeat of a command that says nothing",
  idleRound: "a round of the reaper, nothing to do",
  liveInRound: "what a live task adds to each round",
};
for (const [name, counts] of Object.entries(paths)) printPath(names[name as keyof typeof paths], counts, price(counts));

console.log(
  "\nWhat the table is asked for by a command whose branch is pushed: requests, write units, read units, $ per 1M:",
);
printRequests(paths.completed);

const [base, beat, round] = [paths.completed, paths.beat, paths.liveInRound].map((counts) => totalOf(price(counts)));
console.log(`
A task costs A + (N + M) × B + R × C + U × D per 1M tasks, with N heartbeats, M calls of a model, R minutes, U uploads while it runs:
  A ${dollars((base ?? 0) * 1e6)}   B ${dollars((beat ?? 0) * 1e6)} (of a model ${dollars(totalOf(price(paths.modelBeat)) * 1e6)})   C ${dollars((round ?? 0) * 1e6)}   D $5.00`);
for (const [what, work] of [
  ["A command", commandTask],
  ["A model", modelTask],
] as const) {
  const bill = price(countTask(paths, work));
  console.log(
    `\n${what} of ${work.minutes} minutes: N = ${heartbeatsOf(work)}, M = ${work.modelCalls}, R = ${work.minutes}, U = ${uploadsOf(work)}. Per 1M tasks:`,
  );
  printBill(bill);
  console.log(`  its sandbox, apart  ${dollars(priceSandbox(work, sandbox) * 1e6).padStart(9)}`);
}

const idle = priceIdle(paths.idleRound, standing, functions);
console.log("\nA month in which nothing happens:");
printMonth(idle);
const perTask = totalOf(price(countTask(paths, commandTask)));
console.log(`\nidle ${dollars(totalOf(idle))}/month, ${dollars(perTask * 1e6)} per 1M tasks`);
process.exit(0);
