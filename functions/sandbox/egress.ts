// What leaves the sandbox through the supervisor, and to where?
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type Dial, openDial, type Refusal, type Resolve, resolveName } from "./egress-dial.ts";
import { forwardRequest } from "./egress-forward.ts";
import { type EgressRules, parseRules } from "./egress-policy.ts";
import { joinSockets } from "./join-sockets.ts";

export interface EgressOptions {
  rules: EgressRules;
  /** Called for everything that was refused. The names are the sandbox's choice: printable, at most 253 characters. */
  onRefused(refusal: Refusal): void;
  maxConnections?: number;
  /** Addresses of a name; the system's resolver by default. */
  resolve?: Resolve;
}

export interface Egress {
  /** Ends every connection at once. */
  close(): Promise<void>;
}

const maxHeaderBytes = 16 * 1024;
const headersMs = 10_000;
/** Neither side sent anything for so long. */
const idleMs = 300_000;

/**
 * An http proxy on a socket: CONNECT and plain requests, to allowed names only. One socket belongs to one sandbox, so
 * who connects is known. What a tunnel carries is not looked into: an allowed host may serve other names as well.
 */
export async function startEgress(socketPath: string, options: EgressOptions): Promise<Egress> {
  const { maxConnections = 64, resolve = resolveName, onRefused } = options;
  const dial = openDial(parseRules(options.rules), resolve, onRefused);
  const sockets = new Set<Socket>();
  const server = createServer({ maxHeaderSize: maxHeaderBytes, headersTimeout: headersMs, requestTimeout: 0 });
  server.maxConnections = maxConnections;
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.setTimeout(idleMs, () => socket.destroy());
  });
  server.on("drop", () => onRefused({ host: "", port: 0, why: "too many connections at once" }));
  // Whatever a request can still make us throw ends that one connection.
  server.on("connect", (request, socket, head) => {
    openTunnel(dial, request, socket, head).catch(() => socket.destroy());
  });
  server.on("request", (request, response) => {
    forwardRequest(dial, request, response).catch(() => response.destroy());
  });
  await listen(server, socketPath);
  return {
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}

async function openTunnel(dial: Dial, request: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
  // It may leave while we dial; then there is nobody to tell.
  client.on("error", () => undefined);
  const match = /^(.+):(\d{1,5})$/.exec(request.url ?? "");
  const dialled = await dial({ host: match?.[1] ?? "", port: Number(match?.[2] ?? 0), plain: false });
  if (dialled.kind === "refused") {
    client.end(`HTTP/1.1 ${dialled.status} ${dialled.reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    return;
  }
  const { socket } = dialled;
  socket.setTimeout(idleMs, () => socket.destroy());
  if (client.destroyed) return void socket.destroy();
  client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
  if (head.length > 0) socket.write(head);
  joinSockets(client, socket);
}

async function listen(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  // The sandbox has another uid; who may reach the socket is decided by its directory.
  server.listen({ path, readableAll: true, writableAll: true }, resolve);
  await promise;
}
