// How many requests does a task make of AWS, beside the least that its states ask for?
import { resolve } from "node:path";
import { plus, requestsOf } from "../../scripts/cost/combine.ts";
import { type Counts, countOf } from "../../scripts/cost/counter.ts";
import { walkAll } from "../../scripts/cost/paths.ts";
import { openStage } from "../../scripts/cost/stage.ts";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { type Bench, exactly, type Measured } from "./bench.ts";
import { floorOf, terms } from "./requests/floor.ts";
import * as paths from "./requests/paths.ts";

const imageDir = resolve(import.meta.dirname, "../../.drover");
const heartbeats = 30;
const minutes = 15;

async function walkTwelve() {
  let ecs: FaultProxy | undefined;
  const stage = await openStage(imageDir, async (url) => {
    ecs = await startFaultProxy(url);
    return ecs.url;
  });
  if (!ecs) throw new Error("the stack has asked for nothing before its ECS");
  const model = await paths.openModel(stage);
  try {
    const priced = await walkAll(stage);
    const { completed, unchanged, killedQueued, killedRunning, idleRound } = priced;
    const twelve: Record<string, Counts> = {
      "a command, its branch pushed": completed,
      "a command that changes nothing": unchanged,
      "a command that fails": await paths.fail(stage),
      "a model, whose work passes its gates": await paths.passGates(stage, model.submit),
      "a model whose work is rejected once": await paths.rejectOnce(stage, model.submit),
      "a model out of quota, resumed": await paths.waitForQuota(stage, model.submit),
      "its sandbox lost, the second attempt pushed": plus(priced.retried, idleRound, -1),
      "put back by throttling, then pushed": await paths.putBack(stage, ecs),
      "killed while it waits": killedQueued,
      "killed while it is launched": await paths.killLaunching(stage, ecs),
      "killed while it runs": killedRunning,
      "cancelled while it waits": await paths.cancelQueued(stage),
    };
    return { twelve, priced };
  } finally {
    await model.close();
    await stage.close();
    await ecs.close();
  }
}

async function measure(): Promise<Measured> {
  const { twelve, priced } = await walkTwelve();
  const ratioOf = (counts: Counts) => (requestsOf(counts) / floorOf(counts)).toFixed(2);
  const rows = Object.entries(twelve).map(([what, counts]) =>
    exactly(
      "requests of a path, as it is walked",
      what,
      "requests",
      requestsOf(counts),
      `${ratioOf(counts)} × its floor of ${floorOf(counts)}`,
    ),
  );
  const { completed, beat, liveInRound } = priced;
  const walked = countOf(completed, "lambda api POST beat");
  const whole = plus(completed, beat, heartbeats - walked);
  const formula = terms.map(({ what, requests, because, times }) => {
    const count = requests * times(completed);
    return exactly("the floor of a command whose branch is pushed", what, "requests", count, because);
  });
  const base = requestsOf(completed) - walked;
  const floorBase = floorOf(completed) - walked;
  return {
    rounds: 1,
    sizes: {},
    rows: [
      ...rows,
      exactly(
        `a command of ${minutes} minutes`,
        `N = ${heartbeats} heartbeats`,
        "requests",
        requestsOf(whole),
        `${ratioOf(whole)} × its floor of ${floorOf(whole)}`,
      ),
      exactly(
        `a command of ${minutes} minutes`,
        "what it adds to a round of the reaper, each minute",
        "requests",
        requestsOf(liveInRound),
      ),
      ...formula,
    ],
    remarks: [
      `floor: ${floorBase} + N + M requests, with N heartbeats and M calls of a model; counted: ${base} + N + M`,
      `ratio to floor ${ratioOf(whole)}`,
    ],
  };
}

export const bench: Bench = {
  name: "requests",
  title: "Requests of AWS",
  compares:
    "What a task asks of DynamoDB, SQS, ECS, S3 and SSM, beside the least that its states ask for: the sum of the terms below, each as often as it happens on the path.",
  method:
    "Every path is walked once on the local stack, from the submission until nothing is owed, and every request is counted at the stand-ins' doors, with the SDK's own repetitions. Calls of functions are not requests of this kind. What a round of the reaper does anyway is not the task's.",
  doesNotShow: "what SQS adds by asking empty queues, nor what AWS asks by itself; how long anything takes.",
  measure,
};
