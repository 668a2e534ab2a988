// How does SQS run on this machine? Standard queues behind SQS's own wire protocol, in memory or kept in a directory.
import { type Endpoint, serveAwsJson } from "./aws-json.ts";
import { keepMessages } from "./sqs/kept-messages.ts";
import { createOperations, type ServedQueue } from "./sqs/operations.ts";
import { createPolls } from "./sqs/polls.ts";
import { createQueue } from "./sqs/queue.ts";

export interface SqsQueueOptions {
  name: string;
  visibilityTimeoutMs: number;
  /** After so many receives without a delete the next receive moves the message to `deadLetterQueue`. */
  maxReceiveCount?: number;
  deadLetterQueue?: string;
  /** The directory in which its messages outlive this process. */
  keptIn?: string;
}

export interface SqsOptions {
  queues: readonly SqsQueueOptions[];
  now?: () => number;
  random?: () => number;
  port?: number;
}

export interface LocalSqs extends Endpoint {
  queueUrl(name: string): string;
  queueArn(name: string): string;
  /** Looks without receiving: no count rises, nothing is hidden. */
  inspect(name: string): { visible: number; inFlight: number; delayed: number };
  purge(name: string): void;
  /** Tells the waiting polls that an injected clock was moved; with the real clock there is no need. */
  clockMoved(): void;
}

/** A queue that is kept nowhere is lost with this process: each message is a wake-up, and the reaper sends it again. */
export async function startSqs(options: SqsOptions): Promise<LocalSqs> {
  const { now = Date.now, random = seededRandom(1), port } = options;
  const queues = new Map<string, ServedQueue>();
  for (const { deadLetterQueue = "", keptIn, ...rules } of options.queues) {
    if (deadLetterQueue && !options.queues.some(({ name }) => name === deadLetterQueue)) {
      throw new Error(
        `Queue ${rules.name} names ${deadLetterQueue} as its dead-letter queue, but there is no such queue.`,
      );
    }
    const polls = createPolls(() => queue, now);
    const queue = createQueue({
      ...rules,
      arn: arnOf(rules.name),
      deadLetterQueue: () => queues.get(deadLetterQueue)?.queue,
      now,
      random,
      onChange: polls.serveSoon,
      ...(keptIn ? { kept: keepMessages(keptIn, now) } : {}),
    });
    queues.set(rules.name, { queue, polls });
  }

  let url = "";
  const queueUrl = (name: string) => `${url}/${accountId}/${name}`;
  const operations = createOperations(queues, queueUrl);
  const endpoint = await serveAwsJson({ targetPrefix: "AmazonSQS", jsonVersion: "1.0", operations, port });
  url = endpoint.url;

  function find(name: string) {
    const found = queues.get(name);
    if (!found) throw new Error(`There is no local queue ${name}.`);
    return found.queue;
  }

  return {
    ...endpoint,
    queueUrl,
    queueArn: arnOf,
    inspect: (name) => find(name).count(),
    purge: (name) => find(name).purge(),
    clockMoved: () => {
      for (const { polls } of queues.values()) polls.serveSoon();
    },
  };
}

const accountId = "000000000000";

function arnOf(name: string): string {
  return `arn:aws:sqs:us-east-1:${accountId}:${name}`;
}

/** mulberry32: small, and the same on every machine. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
