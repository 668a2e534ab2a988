// How does a function answer for a batch of messages? For each by itself: what failed comes again, the rest is done with.

/** As SQS hands it to a function. */
export interface QueueMessage {
  messageId: string;
  body: string;
}

/** What SQS wants to hear of a batch. */
export interface BatchAnswer {
  batchItemFailures: { itemIdentifier: string }[];
}

/** `again`: nothing is wrong, and the message is to be delivered once more all the same. */
export async function answerEach<T extends QueueMessage>(
  what: string,
  messages: readonly T[],
  answer: (message: T) => Promise<"done" | "again">,
): Promise<BatchAnswer> {
  const batchItemFailures: BatchAnswer["batchItemFailures"] = [];
  for (const message of messages) {
    try {
      if ((await answer(message)) === "done") continue;
    } catch (error) {
      console.error(`${what} ${message.messageId} failed; it will be delivered again`, error);
    }
    batchItemFailures.push({ itemIdentifier: message.messageId });
  }
  return { batchItemFailures };
}
