// What leaves the sandbox through the supervisor, and to where?
import { createServer, type Server } from "node:http";
import type { Socket } from "node:net";
import { openBudget, spent } from "./egress-budget.ts";
import { openDial, type Refusal, type Resolve, resolveName } from "./egress-dial.ts";
import { forwardRequest } from "./egress-forward.ts";
import { type EgressPolicy, type EgressRules, parseRules } from "./egress-policy.ts";
import { openTunnel } from "./egress-tunnel.ts";

export interface EgressOptions {
  rules: EgressRules;
  /** Called for everything that was refused. The names are the sandbox's choice: printable, at most 253 characters. */
  onRefused(refusal: Refusal): void;
  maxConnections?: number;
  /** How long a first message of TLS may take. */
  helloMs?: number;
  /** What the sandbox may send in all. */
  maxUploadBytes: number;
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
 * who connects is known. Of what a tunnel carries only the beginning is looked at, which says for which name it is;
 * what is asked for inside of TLS is not seen, so an allowed host may serve other names as well.
 */
export async function startEgress(socketPath: string, options: EgressOptions): Promise<Egress> {
  const { maxConnections = 64, helloMs = 10_000, resolve = resolveName, maxUploadBytes, onRefused } = options;
  const budget = openBudget(maxUploadBytes, onRefused);
  const judge = parseRules(options.rules);
  const policy: EgressPolicy = (target) =>
    budget.isSpent() ? { kind: "refused", why: spent(maxUploadBytes) } : judge(target);
  const dial = openDial(policy, resolve, onRefused);
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
    openTunnel({ dial, budget, onRefused, idleMs, helloMs }, request, socket, head).catch(() => socket.destroy());
  });
  server.on("request", (request, response) => {
    forwardRequest({ dial, budget }, request, response).catch(() => response.destroy());
  });
  await listen(server, socketPath);
  return {
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}

async function listen(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  // The sandbox has another uid; who may reach the socket is decided by its directory.
  server.listen({ path, readableAll: true, writableAll: true }, resolve);
  await promise;
}
