// How is a stream of events followed across lost connections? It is asked to go on after the last id, and what comes twice is dropped.
import { type EventSourceMessage, EventSourceParserStream } from "eventsource-parser/stream";
import type { Following } from "./client.ts";

export interface StreamEvent {
  event: string;
  /** Empty for one that is not part of the sequence, as a snapshot. */
  id: string;
  data: string;
}

interface Options extends Following {
  url: string;
  fetch: (input: string, init: RequestInit) => Promise<Response>;
  /** What to throw for an answer that will be the same the next time. */
  refuse: (response: Response) => Promise<Error>;
  /** The id after which it goes on; from the beginning without one. */
  after?: string | undefined;
}

/** Streams that end as they should are not asked for more often than this. */
const shortestMs = 1_000;
const firstRetryMs = 3_000;
const longestRetryMs = 30_000;
/** The API pings every 10 seconds: a connection that is silent for longer is lost, whatever the network says. */
const silenceMs = 30_000;
/** More than the API sends again after a break. */
const maxRemembered = 5_000;

export async function* followStream(options: Options): AsyncGenerator<StreamEvent> {
  const { signal, onConnection } = options;
  const seen = new Set<string>();
  let lastId = options.after ?? "";
  let retryMs = firstRetryMs;
  for (let failures = 0; !signal?.aborted; ) {
    const beganAt = Date.now();
    let why: string | undefined;
    try {
      for await (const message of connect(options, lastId, (ms) => (retryMs = ms))) {
        if (message === "connected") {
          failures = 0;
          onConnection?.({ connected: true });
          continue;
        }
        const { event = "message", id = "", data } = message;
        if (id !== "" && isRepeated(seen, `${event} ${id}`)) continue;
        if (id !== "") lastId = id;
        yield { event, id, data };
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (error instanceof Refused) throw error.reason;
      why = error instanceof Error ? error.message : String(error);
    }
    if (signal?.aborted) return;
    // The API ends each stream after a while: that is no loss, and nobody needs to hear of it.
    if (why === undefined) {
      await pause(Math.max(0, beganAt + shortestMs - Date.now()), signal);
      continue;
    }
    onConnection?.({ connected: false, why });
    // Many listeners lose their connection at once: not all of them come back at the same moment.
    const pauseMs = Math.min(longestRetryMs, retryMs * 2 ** failures) * (0.5 + Math.random() / 2);
    failures += 1;
    await pause(pauseMs, signal);
  }
}

class Refused extends Error {
  readonly reason: Error;
  constructor(reason: Error) {
    super(reason.message);
    this.reason = reason;
  }
}

async function* connect(
  { url, fetch: send, refuse, signal }: Options,
  lastId: string,
  onRetry: (ms: number) => void,
): AsyncGenerator<"connected" | EventSourceMessage> {
  // Ended by hand: of a signal that only the request knows the runtime may lose hold, and the reader waits for ever.
  const ended = new AbortController();
  let stopReading: (() => void) | undefined;
  const end = (why: unknown) => {
    ended.abort(why);
    stopReading?.();
  };
  const leave = () => end(signal?.reason);
  const waitForSound = () => setTimeout(() => end(new Error(`nothing was heard for ${silenceMs / 1000} s`)), silenceMs);
  const headers: Record<string, string> = {
    accept: "text/event-stream",
    ...(lastId ? { "last-event-id": lastId } : {}),
  };
  let timer = waitForSound();
  signal?.addEventListener("abort", leave, { once: true });
  try {
    signal?.throwIfAborted();
    const response = await send(url, { headers, signal: ended.signal });
    // A refusal stays one; a server that is down or busy may be back.
    if (!response.ok && response.status < 500 && response.status !== 429) throw new Refused(await refuse(response));
    if (!response.ok || !response.body) throw new Error(`the API answered ${response.status}`);
    yield "connected";
    const alive = new TransformStream<Uint8Array, Uint8Array>({
      transform(bytes, controller) {
        clearTimeout(timer);
        timer = waitForSound();
        controller.enqueue(bytes);
      },
    });
    const events = response.body
      .pipeThrough(alive)
      .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
      .pipeThrough(new EventSourceParserStream({ onRetry }));
    const reader = events.getReader();
    stopReading = () => void reader.cancel().catch(() => undefined);
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
      ended.signal.throwIfAborted();
    } finally {
      await reader.cancel().catch(() => undefined); // The connection may be broken already: then nothing is left to end.
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", leave);
  }
}

/** By kind and id, since the end of a task has the id of its last event. */
function isRepeated(seen: Set<string>, key: string): boolean {
  if (seen.has(key)) return true;
  seen.add(key);
  const [oldest] = seen;
  if (seen.size > maxRemembered && oldest !== undefined) seen.delete(oldest);
  return false;
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done);
  });
}
