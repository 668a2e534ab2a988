// How does a CONNECT pass through the proxy, and what may begin in its tunnel?
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Count } from "./egress-budget.ts";
import type { Dial, Refusal } from "./egress-dial.ts";
import { mostHelloBytes, readHello } from "./egress-hello.ts";
import { normaliseHost } from "./egress-policy.ts";
import { joinSockets } from "./join-sockets.ts";

const httpsPort = 443;
const helloMs = 10_000;

export interface TunnelOptions {
  dial: Dial;
  count: Count;
  onRefused(refusal: Refusal): void;
  idleMs: number;
}

export async function openTunnel(
  { dial, count, onRefused, idleMs }: TunnelOptions,
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
): Promise<void> {
  // It may leave while we dial; then there is nobody to tell.
  client.on("error", () => undefined);
  const match = /^(.+):(\d{1,5})$/.exec(request.url ?? "");
  const target = { host: normaliseHost(match?.[1] ?? ""), port: Number(match?.[2] ?? 0) };
  const dialled = await dial({ ...target, plain: false });
  if (dialled.kind === "refused") {
    client.end(`HTTP/1.1 ${dialled.status} ${dialled.reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    return;
  }
  const { socket } = dialled;
  socket.setTimeout(idleMs, () => socket.destroy());
  if (client.destroyed) return void socket.destroy();
  client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
  const opening = await readOpening(client, head, target.port === httpsPort ? undefined : socket);
  const why = whyRefused(opening, target);
  if (why) {
    onRefused({ ...target, why });
    client.destroy();
    return void socket.destroy();
  }
  if (opening.length > 0) socket.write(opening);
  count(client, target, () => socket.destroy(), opening.length);
  joinSockets(client, socket);
}

/**
 * What the client says first, as much of it as it takes to know its name, taken off the stream. For HTTPS it has to be
 * the first to speak; else it need not, and `server` may.
 */
async function readOpening(client: Duplex, head: Buffer, server: Socket | undefined): Promise<Buffer> {
  const deadline = AbortSignal.timeout(helloMs);
  let opening = head;
  while (opening.length < mostHelloBytes && !(opening.length > 0 && readHello(opening).kind !== "partial")) {
    const chunk: Buffer | null = client.read();
    if (chunk) {
      opening = Buffer.concat([opening, chunk]);
      continue;
    }
    if (client.readableEnded || client.destroyed || deadline.aborted) break;
    const silent = opening.length === 0 ? server : undefined;
    if (silent && (silent.readableLength > 0 || silent.readableEnded || silent.destroyed)) break;
    await change(client, silent, deadline);
  }
  return opening;
}

async function change(client: Duplex, server: Socket | undefined, deadline: AbortSignal): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, deadline]);
  const events = [client, ...(server ? [server] : [])].flatMap((stream) =>
    ["readable", "end", "close"].map((event) => once(stream, event, { signal }).catch(() => undefined)),
  );
  await Promise.race(events);
  stop.abort();
}

function whyRefused(opening: Buffer, { host, port }: { host: string; port: number }): string | undefined {
  const hello = readHello(opening);
  if (hello.kind === "hello" && hello.serverName !== undefined) {
    return normaliseHost(hello.serverName) === host ? undefined : "TLS for another name than was asked for";
  }
  // Nothing was said, so nothing is sent either.
  if (opening.length === 0) return undefined;
  if (port !== httpsPort) return hello.kind === "partial" ? "TLS that does not begin" : undefined;
  return hello.kind === "hello" ? "TLS that does not say for which name" : "something else than TLS on port 443";
}
