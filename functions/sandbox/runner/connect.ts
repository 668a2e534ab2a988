// How does the runner find its supervisor?
import { createConnection, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const patienceMs = 120_000;
const retryMs = 25;
/** The two containers start together, so the socket may not be there yet, or not be open to all yet. */
const notYet = new Set(["ENOENT", "ECONNREFUSED", "EACCES"]);

export async function connectToSupervisor(socketFolder: string): Promise<Socket> {
  const path = join(socketFolder, "workspace.sock");
  const giveUpAt = performance.now() + patienceMs;
  for (;;) {
    const socket = await tryConnect(path, giveUpAt);
    if (socket) return socket;
    await pause(retryMs);
  }
}

async function tryConnect(path: string, giveUpAt: number): Promise<Socket | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket | undefined>();
  const socket = createConnection(path);
  const fail = (error: NodeJS.ErrnoException) => {
    const retry = notYet.has(error.code ?? "") && performance.now() < giveUpAt;
    if (retry) return resolve(undefined);
    reject(new Error(`no supervisor at ${path}`, { cause: error }));
  };
  socket.once("error", fail);
  socket.once("connect", () => {
    socket.off("error", fail);
    resolve(socket);
  });
  return promise;
}
