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
import { openStage, type Stage } from "./cost/stage.ts";
import { readStanding } from "./cost/standing.ts";
import { countTask, heartbeatsOf, uploadsOf, type Work, withoutBeats } from "./cost/task-price.ts";
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
const paths = await walkWithModel(stage).finally(stage.close);

/** A model that says what it should is the tests', which no room imports. */
async function walkWithModel(on: Stage) {
  const { openModel, passGates } = (await import(new URL("../test/bench/requests/paths.ts", import.meta.url).href)) as {
    openModel(on: Stage): Promise<{ submit: unknown; close(): Promise<void> }>;
    passGates(on: Stage, submit: unknown): Promise<Counts>;
  };
  const { submit, close } = await openModel(on);
  return { ...(await walkAll(on)), model: await passGates(on, submit).finally(close) };
}

const price = (counts: Counts) => priceCounts(counts, open.logBytesPerCall);

console.log("What each golden path asks for, from its submission until nothing is owed (without heartbeats' minutes):");
printPathsHead();
const names: Record<keyof typeof paths, string> = {
  completed: "a command, its branch pushed",
  unchanged: "a command that changes nothing",
  killedRunning: "killed while it runs",
  killedQueued: "killed while it waits",
  retried: "its sandbox lost, the second attempt pushed",
  model: "a model, whose work passes its gates",
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

const tasks = [
  { what: "A command", path: paths.completed, beat: paths.beat, work: commandTask },
  { what: "A model", path: paths.model, beat: paths.modelBeat, work: modelTask },
];
const million = (counts: Counts) => dollars(totalOf(price(counts)) * 1e6);
console.log(`
A task costs A + (N + M) × B + R × C + U × D per 1M tasks, with N heartbeats, M calls of a model, R minutes, U uploads while it runs:`);
for (const { what, path, beat, work } of tasks)
  console.log(
    `  ${what.padEnd(11)}A ${million(withoutBeats(path, paths, work))}   B ${million(beat)}   C ${million(paths.liveInRound)}   D $5.00`,
  );
for (const { what, path, work } of tasks) {
  const bill = price(countTask(path, paths, work));
  console.log(
    `\n${what} of ${work.minutes} minutes: N = ${heartbeatsOf(work)}, M = ${work.modelCalls}, R = ${work.minutes}, U = ${uploadsOf(work)}. Per 1M tasks:`,
  );
  printBill(bill);
  console.log(
    `  its sandbox, apart: ${dollars(priceSandbox(sandbox, work.minutes) * 1e6)} with ${describeSandbox(sandbox)}`,
  );
}

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
console.log(`\nidle ${dollars(idle)}/month, ${million(countTask(paths.completed, paths, commandTask))} per 1M tasks`);
process.exit(0);
