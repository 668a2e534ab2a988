// How does EventBridge run on this machine? Whatever is put on a bus becomes a line of a file, and is told to who listens.
import { randomUUID } from "node:crypto";
import { open } from "node:fs/promises";
import { AwsError, type Endpoint, type Operation, serveAwsJson } from "./aws-json.ts";

export interface EventsOptions {
  /** Newline-delimited JSON, one event a line in the form in which EventBridge hands it to a target. Only ever appended to. */
  file: string;
  /** An entry that the service fails to take, as it may fail some of a request and take the others. */
  refuse?: (entry: Entry) => Refusal | undefined;
  now?: () => number;
  port?: number;
}

export interface LocalEvents extends Endpoint {
  /** Each event once it is in the file. Answers how to stop. */
  subscribe(listener: (event: BusEvent) => void): () => void;
}

/** As a rule's target gets it. */
export interface BusEvent {
  version: "0";
  id: string;
  "detail-type": string;
  source: string;
  account: string;
  time: string;
  region: string;
  resources: string[];
  detail: unknown;
}

/** As PutEvents sends it; times are in seconds on the wire. */
interface Entry {
  Source?: string;
  DetailType?: string;
  Detail?: string;
  Time?: number;
  Resources?: string[];
  EventBusName?: string;
}

interface Refusal {
  ErrorCode: string;
  ErrorMessage: string;
}

const maxEntries = 10;
const maxRequestBytes = 256 * 1024;

export async function startEvents({ file, refuse, now = Date.now, port }: EventsOptions): Promise<LocalEvents> {
  const listeners = new Set<(event: BusEvent) => void>();
  await endTornLine(file);
  let lastWrite: Promise<unknown> = Promise.resolve();

  /** One request after another, so that no line stands within another. */
  function keep(events: readonly BusEvent[]): Promise<void> {
    const write = lastWrite.then(() => append(file, events.map((event) => `${JSON.stringify(event)}\n`).join("")));
    lastWrite = write.catch(() => "the caller of this write has the error; the next write must still run");
    return write;
  }

  const PutEvents: Operation = async (input) => {
    const entries = checkRequest(input.Entries);
    const judged = entries.map((entry) => checkEntry(entry) ?? refuse?.(entry) ?? toEvent(entry, now()));
    const events = judged.filter((one) => "id" in one);
    await keep(events);
    for (const event of events) for (const listener of listeners) listener(event);
    const Entries = judged.map((one) => ("id" in one ? { EventId: one.id } : one));
    return { FailedEntryCount: judged.length - events.length, Entries };
  };
  const endpoint = await serveAwsJson({
    targetPrefix: "AWSEvents",
    jsonVersion: "1.1",
    operations: { PutEvents },
    port,
  });
  return {
    ...endpoint,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** What fails the request as a whole. */
function checkRequest(given: unknown): Entry[] {
  const entries = Array.isArray(given) ? (given as Entry[]) : [];
  if (entries.length < 1 || entries.length > maxEntries) {
    throw new AwsError("ValidationException", `A request has 1 to ${maxEntries} entries, and not ${entries.length}.`);
  }
  const bytes = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  if (bytes > maxRequestBytes) {
    throw new AwsError("ValidationException", "Total size of the entries in the request is over the limit.");
  }
  return entries;
}

/** As AWS counts: 14 bytes for a time that is given, and the UTF-8 of everything else. */
function sizeOf({ Source = "", DetailType = "", Detail = "", Resources = [], Time }: Entry): number {
  const texts = [Source, DetailType, Detail, ...Resources];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), Time === undefined ? 0 : 14);
}

/** What fails one entry, while the others are taken. */
function checkEntry({ Source, DetailType, Detail }: Entry): Refusal | undefined {
  for (const [name, value] of Object.entries({ Source, DetailType, Detail })) {
    if (value) continue;
    const ErrorMessage = `Parameter ${name} is not valid. Reason: ${name} is a required argument.`;
    return { ErrorCode: "InvalidArgument", ErrorMessage };
  }
  if (Source?.startsWith("aws.")) {
    return { ErrorCode: "NotAuthorizedForSourceException", ErrorMessage: "Not authorized for the source." };
  }
  return isObject(Detail ?? "") ? undefined : { ErrorCode: "MalformedDetail", ErrorMessage: "Detail is malformed." };
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false; // Not JSON at all.
  }
}

function toEvent({ Source = "", DetailType = "", Detail = "{}", Resources = [], Time }: Entry, now: number): BusEvent {
  return {
    version: "0",
    id: randomUUID(),
    "detail-type": DetailType,
    source: Source,
    account: "000000000000",
    time: new Date(Time === undefined ? now : Time * 1000).toISOString().replace(/\.\d+Z$/, "Z"),
    region: "us-east-1",
    resources: Resources,
    detail: JSON.parse(Detail),
  };
}

async function append(file: string, text: string): Promise<void> {
  const handle = await open(file, "a", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A process that was killed may have left half a line; what follows must not become a part of it. */
async function endTornLine(file: string): Promise<void> {
  const handle = await open(file, "a+", 0o600);
  try {
    const { size } = await handle.stat();
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1));
    if (size > 0 && buffer[0] !== 10) await handle.writeFile("\n");
  } finally {
    await handle.close();
  }
}
