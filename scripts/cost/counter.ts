// What is AWS asked for, and what does it charge for each request? Everything that the local stack asks, counted.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Agent, type IncomingMessage, request as sendRequest } from "node:http";
import { type Endpoint, listenOnLoopback, readBody } from "../../infra/local/aws-json.ts";
import { describeRequest } from "./describe-request.ts";

/** `ms` is the time of a function's call, as it was here. */
export interface Count {
  requests: number;
  writeUnits: number;
  readUnits: number;
  ms: number;
}

/** By what was asked for: `dynamodb TransactWriteItems claimed`, `lambda api beat`, `s3 PUT log`. */
export type Counts = ReadonlyMap<string, Count>;

const patienceMs = 60_000;
const maxBodyBytes = 20 * 1024 * 1024;

export const countOf = (counts: Counts, name: string): number => counts.get(name)?.requests ?? 0;

export function openCounter() {
  let counts = new Map<string, Count>();
  const listeners = new Set<() => void>();

  function add(name: string, { requests = 1, writeUnits = 0, readUnits = 0, ms = 0 }: Partial<Count> = {}): void {
    const so = counts.get(name) ?? { requests: 0, writeUnits: 0, readUnits: 0, ms: 0 };
    counts.set(name, {
      requests: so.requests + requests,
      writeUnits: so.writeUnits + writeUnits,
      readUnits: so.readUnits + readUnits,
      ms: so.ms + ms,
    });
    for (const listener of listeners) listener();
  }

  return {
    add,
    /** What was counted since the last call. */
    take(): Counts {
      const taken = counts;
      counts = new Map();
      return taken;
    },
    /** Settles when `isOver` says so of what was counted; asks nothing of the stack, so that it adds nothing. */
    async until(what: string, isOver: (counts: Counts) => boolean): Promise<void> {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const look = () => void (isOver(counts) && resolve());
      const seen = () => `waited ${patienceMs} ms in vain until ${what}; counted: ${[...counts.keys()].join(", ")}`;
      const timer = setTimeout(() => reject(new Error(seen())), patienceMs);
      listeners.add(look);
      look();
      await promise.finally(() => {
        clearTimeout(timer);
        listeners.delete(look);
      });
    },
  };
}

export type Add = ReturnType<typeof openCounter>["add"];

/** Stands before the table, and has it say with each answer what DynamoDB would have charged. */
export async function countTable(add: Add, targetUrl: string): Promise<Endpoint> {
  const agent = new Agent({ keepAlive: true });
  const endpoint = await listenOnLoopback(async (request, response) => {
    const operation = String(request.headers["x-amz-target"] ?? "").split(".")[1] ?? "";
    const input = JSON.parse((await readBody(request, maxBodyBytes)).toString() || "{}");
    const body = Buffer.from(JSON.stringify({ ...input, ReturnConsumedCapacity: "INDEXES" }));
    const answer = await forward(agent, targetUrl, request, body);
    // Two claims of one task at the same moment: one of them changes nothing, and is paid for.
    const asked = answer.status === 200 ? "" : "refused ";
    add(`dynamodb ${asked}${operation} ${describeRequest(operation, input)}`, chargeOf(operation, input, answer));
    response.writeHead(answer.status, answer.headers).end(answer.body);
  });
  return {
    url: endpoint.url,
    close: async () => {
      await endpoint.close();
      agent.destroy();
    },
  };
}

async function forward(agent: Agent, targetUrl: string, { method, url, headers }: IncomingMessage, body: Buffer) {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  sendRequest(new URL(url ?? "/", targetUrl), { method, headers: { ...headers, "content-length": body.length }, agent })
    .on("response", resolve)
    .on("error", reject)
    .end(body);
  const answer = await promise;
  return { status: answer.statusCode ?? 502, headers: answer.headers, body: await readBody(answer, maxBodyBytes) };
}

const isWrite = (operation: string) => /Put|Update|Delete|Write/.test(operation);

/** A condition that fails is charged like the write it prevented, and not reported: then each item counts as 1 KB. */
function chargeOf(
  operation: string,
  input: { TransactItems?: unknown[] },
  { status, body }: { status: number; body: Buffer },
) {
  if (status !== 200) {
    const units = input.TransactItems ? 2 * input.TransactItems.length : 1;
    return isWrite(operation) ? { writeUnits: units } : { readUnits: 1 };
  }
  const { ConsumedCapacity: consumed = [] } = JSON.parse(body.toString()) as {
    ConsumedCapacity?: { CapacityUnits: number } | { CapacityUnits: number }[];
  };
  const units = [consumed].flat().reduce((sum, { CapacityUnits }) => sum + CapacityUnits, 0);
  return isWrite(operation) ? { writeUnits: units } : { readUnits: units };
}

/** Requests that come to servers of this process: the functions' and the stand-ins', told apart by their ports. */
export function countServers(add: Add, servers: ReadonlyMap<number, string>): () => void {
  const onStart = (message: unknown) => {
    const { request, response } = message as { request: IncomingMessage; response: NodeJS.EventEmitter };
    const service = servers.get(request.socket.localPort ?? 0);
    if (!service) return;
    const startedAt = performance.now();
    response.once("close", () => countServed(add, service, request, performance.now() - startedAt));
  };
  subscribe("http.server.request.start", onStart);
  return () => void unsubscribe("http.server.request.start", onStart);
}

function countServed(add: Add, service: string, request: IncomingMessage, ms: number): void {
  const operation = String(request.headers["x-amz-target"] ?? "").split(".")[1] ?? "";
  const parts = new URL(request.url ?? "/", "http://localhost").pathname.split("/").filter(Boolean);
  switch (service) {
    case "api":
      add(`lambda api ${request.method} ${parts.at(-1)}`, { ms });
      break;
    case "s3":
      add(`s3 ${request.method} ${parts.at(-1)}`);
      break;
    case "sqs":
      // Empty receives are the price of waiting, not of a task; one that brings a message ends in its deletion.
      if (operation === "ReceiveMessage") break;
      if (operation.startsWith("DeleteMessage")) {
        add("lambda message");
        add("sqs ReceiveMessage");
      }
      add(`sqs ${operation}`);
      break;
    case "ecs":
      // Its end is an event, which calls a function.
      if (operation === "RunTask") add("lambda sandbox-state");
      add(`ecs ${operation}`);
      break;
    default:
      add(`${service} ${operation}`);
  }
}
