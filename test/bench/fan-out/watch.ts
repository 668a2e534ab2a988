// How does a bench watch a feed of server-sent events, and when does it see each event?
import { createParser, type EventSourceMessage } from "eventsource-parser";

export interface Viewer {
  /** Settles at its first event: it is connected, and the server follows for it. */
  ready: Promise<void>;
  close(): Promise<void>;
}

/** `onEvent` is called as each event has come, with the moment in epoch milliseconds. */
export function watch(
  url: string,
  headers: Record<string, string>,
  onEvent: (event: EventSourceMessage, at: number) => void,
): Viewer {
  const ready = Promise.withResolvers<void>();
  const leaving = new AbortController();
  const parser = createParser({
    onEvent(event) {
      onEvent(event, Date.now());
      ready.resolve();
    },
  });
  async function follow(): Promise<void> {
    const answer = await fetch(url, { headers, signal: leaving.signal });
    if (!answer.ok || !answer.body) throw new Error(`GET ${url} was answered with ${answer.status}`);
    for await (const text of answer.body.pipeThrough(new TextDecoderStream())) parser.feed(text);
    throw new Error(`the feed ${url} has ended`);
  }
  const over = follow().catch((error: unknown) => {
    if (!leaving.signal.aborted) ready.reject(error);
  });
  return {
    ready: ready.promise,
    close() {
      leaving.abort();
      return over;
    },
  };
}
