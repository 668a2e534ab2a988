// How does the runner find its supervisor?
import { createConnection, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const patienceMs = 120_000;
const retryMs = 25;
/** The containers start together, so the socket may not be there yet, or not be open to all yet. */
const notYet = new Set(["ENOENT", "ECONNREFUSED", "EACCES"]);

/** So many connections to the same listener, which is gone once it has them all. */
export async function connectToSupervisor(socketFolder: string, lineCount: number): Promise<Socket[]> {
  const path = join(socketFolder, "runner.sock");
  const giveUpAt = performance.now() + patienceMs;
  const sockets: Socket[] = [];
  while (sockets.length < lineCount) {
    const socket = await tryConnect(path, giveUpAt);
    if (socket) sockets.push(socket);
    else await pause(retryMs);
  }
  return sockets;
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
