// How does a CONNECT pass through the proxy, and what may begin in its tunnel?
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Budget } from "./egress-budget.ts";
import type { Dial, Refusal } from "./egress-dial.ts";
import { mostHelloBytes, readHello } from "./egress-hello.ts";
import { httpsPort, normaliseHost } from "./egress-policy.ts";
import { passOn } from "./join-sockets.ts";

export interface TunnelOptions {
  dial: Dial;
  budget: Budget;
  onRefused(refusal: Refusal): void;
  idleMs: number;
  /** How long a first message of TLS may take. */
  helloMs: number;
}

export async function openTunnel(
  { dial, budget, onRefused, idleMs, helloMs }: TunnelOptions,
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
  // Elsewhere a server may speak first, and the client as late as it likes.
  const isHttps = target.port === httpsPort;
  if (!isHttps) passOn(socket, client);
  const opening = await readOpening(client, head, isHttps, helloMs);
  if (client.destroyed || socket.destroyed) return breakOff(client, socket);
  const why = whyRefused(opening, target);
  if (why) onRefused({ ...target, why });
  // The name as well: whoever owns the names below a wildcard is asked for them.
  if (why || !budget.spend(target.host.length + opening.length, target)) return breakOff(client, socket);
  if (opening.length > 0) socket.write(opening);
  budget.count(client, target, () => socket.destroy());
  passOn(client, socket);
  if (isHttps) passOn(socket, client);
}

function breakOff(...both: Duplex[]): void {
  for (const one of both) one.destroy();
}

/**
 * What the client says first, however late that is, and as much of it as it takes to know its name, taken off the
 * stream. `mustSpeak`: it is HTTPS, and the time for it runs from the start.
 */
async function readOpening(client: Duplex, head: Buffer, mustSpeak: boolean, helloMs: number): Promise<Buffer> {
  let opening = head;
  if (opening.length === 0 && !mustSpeak) opening = (await readChunk(client)) ?? opening;
  const deadline = AbortSignal.timeout(helloMs);
  while (opening.length < mostHelloBytes && readHello(opening).kind === "partial") {
    const chunk = await readChunk(client, deadline);
    if (!chunk) break;
    opening = Buffer.concat([opening, chunk]);
  }
  return opening;
}

/** Undefined when it has ended, or said nothing until the deadline. */
async function readChunk(client: Duplex, deadline?: AbortSignal): Promise<Buffer | undefined> {
  for (;;) {
    const chunk: Buffer | null = client.read();
    if (chunk) return chunk;
    if (client.readableEnded || client.destroyed || deadline?.aborted) return undefined;
    await change(client, deadline);
  }
}

async function change(client: Duplex, deadline?: AbortSignal): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, ...(deadline ? [deadline] : [])]);
  const events = ["readable", "end", "close"].map((event) => once(client, event, { signal }).catch(() => undefined));
  await Promise.race(events);
  stop.abort();
}

function whyRefused(opening: Buffer, { host, port }: { host: string; port: number }): string | undefined {
  const isHttps = port === httpsPort;
  // The client has ended without a word: elsewhere that is its right, and nothing goes out.
  if (opening.length === 0) return isHttps ? "silence where TLS should begin" : undefined;
  const hello = readHello(opening);
  if (hello.kind === "partial") return "TLS that does not begin";
  if (hello.kind === "not_tls") return isHttps ? "something else than TLS on port 443" : undefined;
  if (hello.isEncrypted) return "TLS that hides for which name it is (encrypted ClientHello)";
  if (hello.serverName === undefined) return isHttps ? "TLS that does not say for which name" : undefined;
  return normaliseHost(hello.serverName) === host ? undefined : "TLS for another name than was asked for";
}
