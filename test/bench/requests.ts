// How many requests does a task make of AWS, beside the least that its states ask for?
import { plus, requestsOf } from "../../scripts/cost/combine.ts";
import { type Counts, countOf } from "../../scripts/cost/counter.ts";
import { heartbeatsOf, uploadOfWhatGrows, uploadsOf, type Work } from "../../scripts/cost/task-price.ts";
import { type Bench, exactly, type Measured } from "./bench.ts";
import { floorOf, terms } from "./requests/floor.ts";
import { modelPath, walkTwelve } from "./requests/walk-twelve.ts";

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
  const lasting = (path: Counts, oneBeat: Counts, work: Work) =>
    plus(plus(path, oneBeat, heartbeatsOf(work) + work.modelCalls - beatsOf(path)), uploadOfWhatGrows, uploadsOf(work));
  const ofCommand = { minutes: 15, modelCalls: 0 };
  const ofModel = { minutes: 15, modelCalls: 40 };
  const command = lasting(completed, beat, ofCommand);
  const model = lasting(modelTask, modelBeat, ofModel);
  const nOf = (work: Work) => `N = ${heartbeatsOf(work)} heartbeats, U = ${uploadsOf(work)} uploads of what grows`;
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
      wholeRow(`a command, ${nOf(ofCommand)}`, command),
      wholeRow(`a model, ${nOf(ofModel)}, M = ${ofModel.modelCalls} calls`, model),
      ...formula,
    ],
    remarks: [
      `floor of a command: ${floorOf(completed) - beatsOf(completed)} + N + U; counted: ${without(completed)} + N + U`,
      `floor of a model: ${floorOf(modelTask) - beatsOf(modelTask)} + N + M + U; counted: ${without(modelTask)} + N + M + U`,
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
