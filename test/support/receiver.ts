// Somebody's server on loopback that gets webhooks: it keeps what came, and answers as it is told.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll } from "vitest";

export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

export interface Receiver {
  url: string;
  received: Received[];
  /** How the next requests to a path are answered, in order; with 200 after that. */
  answer(path: string, ...answers: Answer[]): void;
  /** Nobody listens any more, until `up`. */
  down(): Promise<void>;
  up(): Promise<void>;
}

export function useReceiver(): Receiver {
  const answers = new Map<string, Answer[]>();
  const receiver = {
    received: [],
    answer: (path, ...next) => void answers.set(path, next),
  } as Partial<Receiver> as Receiver;
  let server: Server | undefined;
  let port = 0;
  receiver.up = async () => {
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks).toString();
      const path = request.url ?? "";
      receiver.received.push({ path, headers: request.headers, body });
      const { status, headers, body: answer = "" } = answers.get(path)?.shift() ?? { status: 200 };
      response.writeHead(status, headers).end(answer);
    });
    await new Promise<void>((listening) => server?.listen(port, "127.0.0.1", listening));
    port = (server.address() as AddressInfo).port;
    receiver.url = `http://127.0.0.1:${port}`;
  };
  receiver.down = async () => {
    server?.closeAllConnections();
    await new Promise((closed) => (server ? server.close(closed) : closed(undefined)));
    server = undefined;
  };
  beforeAll(() => receiver.up());
  afterAll(() => receiver.down());
  return receiver;
}

/**
 * As a receiver would do it, from the text of the standard (https://www.standardwebhooks.com), and from no code of ours.
 */
export function isSigned({ headers, body }: Received, secret: string): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const content = [headers["webhook-id"], headers["webhook-timestamp"], body].join(".");
  const expected = createHmac("sha256", key).update(content, "utf8").digest();
  const age = Math.abs(Date.now() / 1000 - Number(headers["webhook-timestamp"]));
  return (
    age < 300 &&
    String(headers["webhook-signature"])
      .split(" ")
      .filter((one) => one.startsWith("v1,"))
      .map((one) => Buffer.from(one.slice(3), "base64"))
      .some((given) => given.length === expected.length && timingSafeEqual(given, expected))
  );
}
