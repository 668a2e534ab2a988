// How do the agent's commands reach the supervisor's egress proxy from a network namespace without a way out?
import { createConnection, createServer } from "node:net";
import { join } from "node:path";
import { joinSockets } from "../join-sockets.ts";
import type { RunnerSettings } from "./environment.ts";

const maxConnections = 256;

/** Raw bytes only: what may go out is judged by the supervisor. False when the port is taken, so nothing is relayed. */
export async function startRelay({
  socketFolder,
  relayPort,
}: Pick<RunnerSettings, "socketFolder" | "relayPort">): Promise<boolean> {
  const path = join(socketFolder, "egress.sock");
  const server = createServer({ allowHalfOpen: true }, (inside) => {
    joinSockets(inside, createConnection({ path, allowHalfOpen: true }));
  });
  server.maxConnections = maxConnections;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  server.on("error", (error) => {
    console.error(`no relay for egress: ${error.message}`);
    resolve(false);
  });
  server.listen(relayPort, "127.0.0.1", () => resolve(true));
  return promise;
}
