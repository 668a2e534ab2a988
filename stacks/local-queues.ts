// Which queues are there on one machine, and which functions do they call?
import { join } from "node:path";
import { SQSClient } from "@aws-sdk/client-sqs";
import { handler as deadLetter } from "../functions/dead-letter.ts";
import { handler as dispatcher } from "../functions/dispatcher.ts";
import { handler as intake } from "../functions/intake.ts";
import { handler as notify } from "../functions/notify.ts";
import { setUnlessGiven } from "../infra/local/environment.ts";
import type { LocalSqs, SqsQueueOptions } from "../infra/local/sqs.ts";
import { startTrigger, type Trigger } from "../infra/local/trigger.ts";

const wakeQueue = "drover-wake-ups";
const notifyQueue = "drover-notify";
/** The public one: its messages are requests of people, and outlive this process. The others are wake-ups. */
const intakeQueue = "drover-intake";
const dead = (name: string) => `${name}-dead`;

const visibilityTimeoutMs = 60_000;
/** Above its own limit of tries, after which the intake function buries a message with the reason. */
const intakeMaxReceives = 1_000;

const withDead = (name: string, maxReceiveCount: number): SqsQueueOptions[] => [
  { name, visibilityTimeoutMs, maxReceiveCount, deadLetterQueue: dead(name) },
  { name: dead(name), visibilityTimeoutMs },
];
export const queuesOf = (dataDir: string): SqsQueueOptions[] => [
  ...withDead(wakeQueue, 5),
  ...withDead(notifyQueue, 5),
  ...withDead(intakeQueue, intakeMaxReceives).map((queue) => ({ ...queue, keptIn: join(dataDir, "sqs", queue.name) })),
];

/** `urlOf` answers a queue's URL as the functions shall use it. */
export function setQueues(urlOf: (name: string) => string): void {
  setUnlessGiven({
    DROVER_WAKE_QUEUE_URL: urlOf(wakeQueue),
    DROVER_NOTIFY_QUEUE_URL: urlOf(notifyQueue),
    DROVER_INTAKE_QUEUE_URL: urlOf(intakeQueue),
    DROVER_INTAKE_DEAD_QUEUE_URL: urlOf(dead(intakeQueue)),
    DROVER_INTAKE_WORKSPACE: "default",
  });
}

/** The dispatcher's first: whoever shuts down stops that one before anything else. */
export function startTriggers(sqs: LocalSqs, urlOf: (name: string) => string): [Trigger, ...Trigger[]] {
  const start = (name: string, concurrency: number, handler: Parameters<typeof startTrigger>[0]["handler"]) =>
    startTrigger({
      sqs: new SQSClient(),
      queueUrl: urlOf(name),
      queueArn: sqs.queueArn(name),
      batchSize: 1,
      concurrency,
      visibilityTimeoutMs,
      handler,
      onError: (error) => console.error(`the trigger of ${name} could not deliver`, error),
    });
  return [
    start(wakeQueue, 2, dispatcher),
    start(dead(wakeQueue), 1, deadLetter),
    // A receiver may take its time; it must not keep the others waiting for theirs.
    start(notifyQueue, 4, notify),
    start(intakeQueue, 1, intake),
  ];
}
