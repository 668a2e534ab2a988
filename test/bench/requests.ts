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
const modelCalls = 40;
const modelPath = "a model, whose work passes its gates";

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
      [modelPath]: await paths.passGates(stage, model.submit),
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

const beatsOf = (counts: Counts) => countOf(counts, "lambda api POST beat");
const ratioOf = (counts: Counts) => (requestsOf(counts) / floorOf(counts)).toFixed(2);
const besideFloor = (counts: Counts) => `${ratioOf(counts)} × its floor of ${floorOf(counts)}`;

async function measure(): Promise<Measured> {
  const { twelve, priced } = await walkTwelve();
  const rows = Object.entries(twelve).map(([what, counts]) =>
    exactly("a path as it is walked", what, "requests", requestsOf(counts), besideFloor(counts)),
  );
  const { completed, beat, modelBeat } = priced;
  const modelTask = twelve[modelPath] ?? completed;
  const lasting = (path: Counts, oneBeat: Counts, beats: number) => plus(path, oneBeat, beats - beatsOf(path));
  const command = lasting(completed, beat, heartbeats);
  const model = lasting(modelTask, modelBeat, heartbeats + modelCalls);
  const wholeRow = (what: string, counts: Counts) =>
    exactly("fifteen minutes", what, "requests", requestsOf(counts), besideFloor(counts));
  const formula = terms.map(({ what, requests, because, times }) => {
    const count = requests * times(completed);
    return exactly("the floor of a command whose branch is pushed", what, "requests", count, because);
  });
  const without = (counts: Counts) => requestsOf(counts) - beatsOf(counts);
  return {
    rounds: 1,
    sizes: {},
    rows: [
      ...rows,
      wholeRow(`a command, N = ${heartbeats} heartbeats`, command),
      wholeRow(`a model, N = ${heartbeats} heartbeats and M = ${modelCalls} calls`, model),
      ...formula,
    ],
    remarks: [
      `floor of a command: ${floorOf(completed) - beatsOf(completed)} + N; counted: ${without(completed)} + N`,
      `floor of a model: ${floorOf(modelTask) - beatsOf(modelTask)} + N + M; counted: ${without(modelTask)} + N + M`,
      `ratio to floor ${ratioOf(command)}`,
    ],
  };
}

export const bench: Bench = {
  name: "requests",
  title: "Requests of AWS",
  compares:
    "What a task asks of DynamoDB, SQS, ECS, S3 and SSM, beside the least that its states ask for: the sum of the terms below, each as often as it happens on the path.",
  method:
    "Every path is walked once on the local stack, from the submission until nothing is owed, and every request is counted at the stand-ins' doors, with the SDK's own repetitions. Calls of functions are not requests of this kind. What a round of the reaper does anyway is not the task's; it reads live tasks a hundred at a time.",
  doesNotShow: "what SQS adds by asking empty queues, nor what AWS asks by itself; how long anything takes.",
  measure,
};
