// What does drover cost on AWS? `npm run cost` counts every request of the golden paths on the local stack, and prices them.
import { join, resolve } from "node:path";
import type { Counts } from "./cost/counter.ts";
import { priceIdle } from "./cost/idle.ts";
import { priceOpenDashboard } from "./cost/open-dashboard.ts";
import { walkAll } from "./cost/paths.ts";
import { priceCounts, totalOf } from "./cost/price-counts.ts";
import { monthly } from "./cost/prices.ts";
import { dollars, printBill, printMonth, printPath, printPathsHead, printRequests } from "./cost/print.ts";
import { describeSandbox, priceSandbox, readSandbox } from "./cost/sandbox.ts";
import { openStage } from "./cost/stage.ts";
import { readStanding } from "./cost/standing.ts";
import { countTask, heartbeatsOf, uploadsOf, type Work } from "./cost/task-price.ts";
import { synth } from "./synth/synth.ts";

const checkout = resolve(import.meta.dirname, "..");
const image = `000000000000.dkr.ecr.us-east-1.amazonaws.com/drover-sandbox@sha256:${"0".repeat(64)}`;
/** As the owner of a stage would set it; else what a stage has by itself. */
const { DROVER_SANDBOX_ARCHITECTURE: architecture } = process.env;
const settings = {
  DROVER_SANDBOX_IMAGE: image,
  DROVER_ALARMS_TO: "a@example.com",
  ...(architecture && { DROVER_SANDBOX_ARCHITECTURE: architecture }),
};
const openGraph = await synth("production", settings);
const open = readStanding(openGraph);
const walled = readStanding(
  await synth("production", {
    ...settings,
    DROVER_NETWORK: "walled",
    AWS_REGION: "us-east-1",
    DROVER_EGRESS_ALLOW: "registry.npmjs.org",
    DROVER_SUPERVISOR_ALLOW: "github.com",
  }),
);
const sandbox = readSandbox(openGraph);
const commandTask: Work = { minutes: 15, modelCalls: 0 };
const modelTask: Work = { minutes: 15, modelCalls: 40 };

const stage = await openStage(join(checkout, ".drover"));
const paths = await walkAll(stage).finally(stage.close);
const price = (counts: Counts) => priceCounts(counts, open.logBytesPerCall);

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
  feed: "three seconds of an open dashboard",
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
  console.log(
    `  its sandbox, apart: ${dollars(priceSandbox(sandbox, work.minutes) * 1e6)} with ${describeSandbox(sandbox)}`,
  );
}

const perTask = totalOf(price(countTask(paths, commandTask)));
for (const [network, standing] of [
  ["open", open],
  ["walled", walled],
] as const) {
  console.log(`\nA month in which nothing happens, network ${network}:`);
  printMonth(priceIdle(paths.idleRound, standing));
  console.log(`  alarms and a dashboard, where they are asked for: ${dollars(totalOf(standing.watching))}`);
}
console.log(`
Apart, where they are there:
  the sandbox's image in ECR: ${dollars(monthly.imageGb)} a GB and month
  a dashboard that is left open: ${dollars(priceOpenDashboard(paths.feed) * 24)} a day`);
const idle = totalOf(priceIdle(paths.idleRound, open));
console.log(`\nidle ${dollars(idle)}/month, ${dollars(perTask * 1e6)} per 1M tasks`);
process.exit(0);
