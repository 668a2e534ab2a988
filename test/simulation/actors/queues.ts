// Which queues are there, and which functions do they call? As in `stacks/local-queues.ts`.
import { isServiceFailure } from "../../../functions/aws/service-failure.ts";
import { answerIntake } from "../../../functions/flows/answer-intake.ts";
import { answerNoticeMessages } from "../../../functions/flows/answer-notice-messages.ts";
import { answerWakeUps } from "../../../functions/flows/answer-wake-ups.ts";
import { buryWakeUps } from "../../../functions/flows/bury-wake-up.ts";
import type { Stage } from "../stage.ts";
import { SimQueue } from "./queue.ts";

const visibilityMs = 30_000;
const maxReceives = 5;
/** A dead message stays until it was looked at. */
const endless = Number.POSITIVE_INFINITY;
const forget = () => undefined;

export interface Queues {
  wakeUps: SimQueue;
  deadWakeUps: SimQueue;
  notices: SimQueue;
  intake: SimQueue;
}

export function openQueues(stage: Stage): Queues {
  const { batchSize } = stage.world.swarm;
  const deadWakeUps = new SimQueue(stage, {
    ...{ name: "dead-letter", batchSize: 1, concurrency: 1, visibilityMs, maxReceives: endless },
    answer: (cloud, messages) => buryWakeUps(cloud, messages, isServiceFailure),
    onDead: forget,
  });
  const wakeUps = new SimQueue(stage, {
    // The dispatcher runs at a low fixed concurrency.
    ...{ name: "dispatcher", batchSize, concurrency: 3, visibilityMs, maxReceives },
    answer: answerWakeUps,
    onBegin: () => stage.ambushes.dispatcher.shift()?.(),
    onDead: ({ body }) => deadWakeUps.put(body, 0),
  });
  const notices = new SimQueue(stage, {
    ...{ name: "notify", batchSize, concurrency: 4, visibilityMs, maxReceives },
    answer: answerNoticeMessages,
    onDead: forget,
  });
  const intake = new SimQueue(stage, {
    ...{ name: "intake", batchSize, concurrency: 2, visibilityMs, maxReceives: endless },
    answer: answerIntake,
    onDead: forget,
  });
  return { wakeUps, deadWakeUps, notices, intake };
}
