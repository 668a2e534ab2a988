// How does the demo show a task live? It reads the same event stream that any client can.

export interface FeedEvent {
  event: string;
  id: string;
  data: Record<string, unknown>;
}

/** Yields the events of a server-sent stream until its `end`. Throws when the stream breaks off before. */
export async function* readFeed(
  url: string,
  apiKey: string,
  signal: AbortSignal,
  headers: Record<string, string> = {},
): AsyncGenerator<FeedEvent> {
  const response = await fetch(url, { headers: { "x-api-key": apiKey, ...headers }, signal });
  if (!response.ok || !response.body) throw new Error(`the event feed answered ${response.status}`);
  let text = "";
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const event = parseEvent(text.slice(0, end));
      text = text.slice(end + 2);
      if (!event) continue;
      yield event;
      if (event.event === "end") return;
    }
  }
  throw new Error("the event feed broke off");
}

function parseEvent(block: string): FeedEvent | undefined {
  const fields = new Map(
    block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
  );
  const data = fields.get("data");
  if (data === undefined) return undefined;
  return { event: fields.get("event") ?? "message", id: fields.get("id") ?? "", data: JSON.parse(data) };
}
