// How does a message come to its function? By a queue with a dead-letter queue, in batches of which a part may fail.

export interface QueuePair {
  queue: sst.aws.Queue;
  dead: sst.aws.Queue;
}

const longestRetentionS = 14 * 24 * 60 * 60;

/** `visibilityTimeoutS`: six times what the function may take, as Lambda's page on SQS advises. */
export function createQueue(
  name: string,
  { visibilityTimeoutS, maxReceives }: { visibilityTimeoutS: number; maxReceives: number },
): QueuePair {
  const keptLong = { queue: { messageRetentionSeconds: longestRetentionS, sqsManagedSseEnabled: true } };
  const visibilityTimeout = `${visibilityTimeoutS} seconds` as const;
  const dead = new sst.aws.Queue(`${name}Dead`, { visibilityTimeout, transform: keptLong });
  const queue = new sst.aws.Queue(name, {
    visibilityTimeout,
    dlq: { queue: dead.arn, retry: maxReceives },
    transform: keptLong,
  });
  return { queue, dead };
}

/** `atOnce`: 2 is the least that SQS takes. */
export function subscribe(
  name: string,
  queue: sst.aws.Queue,
  target: sst.aws.Function,
  { batchSize, atOnce }: { batchSize: number; atOnce: number },
): void {
  new aws.lambda.EventSourceMapping(`${name}Source`, {
    eventSourceArn: queue.arn,
    functionName: target.arn,
    batchSize,
    functionResponseTypes: ["ReportBatchItemFailures"],
    scalingConfig: { maximumConcurrency: atOnce },
  });
}
