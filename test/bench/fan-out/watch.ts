// How does a bench watch a feed of server-sent events, and when does it see each event?
import { createParser, type EventSourceMessage } from "eventsource-parser";

export interface Viewer {
  url: string;
  /** Settles at its first event: it is connected, and the server follows for it. */
  ready: Promise<void>;
  /** When it first saw what, in epoch milliseconds, by `nameOf`. */
  seenAt: ReadonlyMap<string, number>;
  /** Throws what its feed has ended with before. */
  close(): Promise<void>;
}

/** `nameOf`: of an event that is nothing to wait for, undefined. */
export function watch(
  url: string,
  headers: Record<string, string>,
  nameOf: (event: EventSourceMessage) => string | undefined,
): Viewer {
  const ready = Promise.withResolvers<void>();
  const leaving = new AbortController();
  const seenAt = new Map<string, number>();
  const parser = createParser({
    onEvent(event) {
      const name = nameOf(event);
      if (name !== undefined && !seenAt.has(name)) seenAt.set(name, Date.now());
      ready.resolve();
    },
  });
  async function follow(): Promise<void> {
    const answer = await fetch(url, { headers, signal: leaving.signal });
    if (!answer.ok || !answer.body) throw new Error(`GET ${url} was answered with ${answer.status}`);
    for await (const text of answer.body.pipeThrough(new TextDecoderStream())) parser.feed(text);
    throw new Error("it has ended");
  }
  const broken = follow().catch((error: unknown) => {
    if (leaving.signal.aborted) return undefined;
    const failure = new Error(`the feed ${url} broke while it was watched: ${error}`, { cause: error });
    ready.reject(failure);
    return failure;
  });
  return {
    ...{ url, ready: ready.promise, seenAt },
    async close() {
      leaving.abort();
      const failure = await broken;
      if (failure) throw failure;
    },
  };
}
