// How many requests does a task make of AWS, beside the least that its states ask for?
import { requestsOf } from "../../scripts/cost/combine.ts";
import { type Counts, countOf } from "../../scripts/cost/counter.ts";
import { countTask, heartbeatsOf, uploadsOf, type Work } from "../../scripts/cost/task-price.ts";
import { type Bench, exactly, type Measured, type Row } from "./bench.ts";
import { floorOf, terms } from "./requests/floor.ts";
import {
  commandPath,
  failedPath,
  killedPath,
  lostPath,
  modelPath,
  putBackPath,
  rejectedPath,
  resumedPath,
  unchangedPath,
  type Walked,
  walkTwelve,
} from "./requests/walk-twelve.ts";

const ofCommand: Work = { minutes: 15, modelCalls: 0 };
const ofModel: Work = { minutes: 15, modelCalls: 40 };
/** Those on which an agent is at work; the others are over before. */
const working = [
  [commandPath, ofCommand],
  [unchangedPath, ofCommand],
  [failedPath, ofCommand],
  [modelPath, ofModel],
  [rejectedPath, ofModel],
  [resumedPath, ofModel],
  [lostPath, ofCommand],
  [putBackPath, ofCommand],
  [killedPath, ofCommand],
] as const;

const beatsOf = (counts: Counts) => countOf(counts, "lambda api POST beat");
export const ratioOf = (counts: Counts): number => requestsOf(counts) / floorOf(counts);
const besideFloor = (counts: Counts) => `${ratioOf(counts).toFixed(2)} × its floor of ${floorOf(counts)}`;

/** As if a working path had lasted for fifteen minutes. */
export function fifteenMinutes({ twelve, priced }: Walked) {
  return working.map(([path, work]) => ({ path, work, counts: countTask(twelve[path], priced, work) }));
}

export function rowsOf(walked: Walked): Row[] {
  const { completed } = walked.priced;
  const ofWork = (work: Work) =>
    `N = ${heartbeatsOf(work)}, U = ${uploadsOf(work)}${work.modelCalls > 0 ? `, M = ${work.modelCalls}` : ""}`;
  return [
    ...Object.entries(walked.twelve).map(([path, counts]) =>
      exactly("a path as it is walked", path, "requests", requestsOf(counts), besideFloor(counts)),
    ),
    ...fifteenMinutes(walked).map(({ path, work, counts }) =>
      exactly("fifteen minutes", `${path}: ${ofWork(work)}`, "requests", requestsOf(counts), besideFloor(counts)),
    ),
    ...terms.map(({ what, requests, because, times }) => {
      const count = requests * times(completed);
      return exactly("the floor of a command whose branch is pushed", what, "requests", count, because);
    }),
  ];
}

async function measure(): Promise<Measured> {
  const walked = await walkTwelve();
  const { [commandPath]: command, [modelPath]: model } = walked.twelve;
  const formula = (counts: Counts, variables: string) => {
    const [least, counted] = [floorOf(counts), requestsOf(counts)].map((count) => count - beatsOf(counts));
    return `${least} + ${variables}; counted: ${counted} + ${variables}`;
  };
  const lasting = fifteenMinutes(walked).find(({ path }) => path === commandPath);
  return {
    rounds: 1,
    sizes: {},
    rows: rowsOf(walked),
    remarks: [
      `floor of a command: ${formula(command, "N + U")}`,
      `floor of a model: ${formula(model, "N + M + U")}`,
      `ratio to floor ${lasting && ratioOf(lasting.counts).toFixed(2)}`,
    ],
  };
}

export const bench: Bench = {
  name: "requests",
  title: "Requests of AWS",
  compares:
    "What a task asks of DynamoDB, SQS, ECS, S3 and SSM, beside the least that its states ask for: the sum of the terms below, each as often as it happens on the path.",
  method:
    "Every path is walked once on the local stack, from the submission until nothing is owed, and every request is counted at the stand-ins' doors, with the SDK's own repetitions. Fifteen minutes are not walked but put together: a path, with N heartbeats in place of its own, U uploads of what grows, and M heartbeats more, one before each call of a model. Calls of functions are not requests of this kind. What a round of the reaper does anyway is not the task's; it reads live tasks a hundred at a time.",
  doesNotShow: "what SQS adds by asking empty queues, nor what AWS asks by itself; how long anything takes.",
  measure,
};
