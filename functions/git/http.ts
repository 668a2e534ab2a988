// How does git talk over HTTP without ever hanging, filling memory, or giving a token to another host?
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { GitHttpRequest, GitHttpResponse, HttpClient } from "isomorphic-git";
import { describeMb, TooLargeError } from "./limits.ts";

export interface HttpLimits {
  /** Ends the call from outside: the caller's own signal, and the time for the whole operation. */
  signal: AbortSignal;
  /** No byte in either direction for this long ends the call. */
  silenceMs: number;
  maxResponseBytes: number;
}

/** The conversation failed below git: no answer, a broken one, or one we refuse to follow. */
export class HttpFailure extends Error {}

/** The server spoke git, and said no; the message has its words. */
export class ServerRefusal extends HttpFailure {}

const maxRedirects = 3;
const maxErrorBytes = 4096;

/**
 * Answers are read whole before git sees them: its readers take a dropped connection for the end of the list, and
 * branches would seem missing. A pack is held in memory by the engine anyway.
 */
export function createHttpClient(limits: HttpLimits): HttpClient {
  return {
    async request(call: GitHttpRequest): Promise<GitHttpResponse> {
      const chunks: Uint8Array[] = [];
      for await (const chunk of call.body ?? []) chunks.push(chunk);
      const response = await sendFollowing(call, chunks, limits);
      return {
        url: call.url,
        method: call.method ?? "GET",
        statusCode: response.statusCode ?? 0,
        statusMessage: response.statusMessage ?? "",
        headers: { "content-type": response.headers["content-type"] ?? "" },
        body: release(await readAnswer(call, response, limits)),
      };
    },
  };
}

async function sendFollowing(call: GitHttpRequest, body: Uint8Array[], limits: HttpLimits): Promise<IncomingMessage> {
  let url = new URL(call.url);
  for (let hop = 0; hop <= maxRedirects; hop++) {
    const response = await send(url, call, body, limits);
    const { location } = response.headers;
    if (!location || ![301, 302, 307, 308].includes(response.statusCode ?? 0)) return response;
    response.destroy();
    const next = URL.parse(location, url.href);
    // The token belongs to one origin; a person decides whether it may go to another.
    if (next?.origin !== url.origin) {
      const target = next ? `${next.origin}${next.pathname.replace(/\/(info\/refs|git-[a-z-]+)$/, "")}` : "nowhere";
      throw new HttpFailure(`${url.host} sends us on to ${target}. If that is right, use that address`);
    }
    url = next;
  }
  throw new HttpFailure(`${url.host} redirected more than ${maxRedirects} times`);
}

function send(url: URL, call: GitHttpRequest, body: Uint8Array[], limits: HttpLimits): Promise<IncomingMessage> {
  if (url.protocol !== "https:" && url.protocol !== "http:") throw new HttpFailure(`${url.protocol} is not HTTP`);
  const start = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    let response: IncomingMessage | undefined;
    const request: ClientRequest = start(url, {
      method: call.method ?? "GET",
      // One connection per request: a kept one may be closed by the server just as a push begins.
      headers: { ...call.headers, ...lengthOf(call, body), connection: "close" },
      signal: limits.signal,
      timeout: limits.silenceMs,
    });
    request.on("timeout", () => {
      const seconds = limits.silenceMs / 1000;
      (response ?? request).destroy(new HttpFailure(`${url.host} was silent for ${seconds} seconds`));
    });
    request.on("error", (error) => reject(asFailure(error, limits)));
    request.on("response", (answer) => {
      response = answer;
      resolve(answer);
    });
    for (const chunk of body) request.write(chunk);
    request.end();
  });
}

/** Some servers (CodeCommit) hang up on a body without a length. */
function lengthOf(call: GitHttpRequest, body: Uint8Array[]): Record<string, number> {
  if (call.method !== "POST") return {};
  return { "content-length": body.reduce((sum, chunk) => sum + chunk.byteLength, 0) };
}

/** Everything a git server says ends with a flush packet; without it the answer was cut short, or is an error. */
async function readAnswer(call: GitHttpRequest, response: IncomingMessage, limits: HttpLimits): Promise<Buffer[]> {
  const chunks = await readWhole(response, limits);
  if (response.statusCode !== 200) return chunks;
  const type = response.headers["content-type"] ?? "";
  if (!type.startsWith("application/x-git-")) {
    // A page instead of the list of refs is the engine's to explain; after that, a page means something is in between.
    if (call.method !== "POST") return chunks;
    throw new HttpFailure("the answer is not from a git server");
  }
  const end = Buffer.concat(chunks.slice(-8)).subarray(-maxErrorBytes);
  if (end.subarray(-4).toString("latin1") === "0000") return chunks;
  const said = /[0-9a-f]{4}ERR ([^\n]+)/.exec(end.toString())?.[1];
  throw said ? new ServerRefusal(`the server said: ${said}`) : new HttpFailure("the answer was cut short");
}

async function readWhole(response: IncomingMessage, limits: HttpLimits): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > limits.maxResponseBytes) {
        throw new TooLargeError(`the answer of its server is larger than ${describeMb(limits.maxResponseBytes)}`);
      }
      chunks.push(chunk);
    }
  } catch (error) {
    throw asFailure(error, limits);
  }
  return chunks;
}

function asFailure(error: unknown, limits: HttpLimits): HttpFailure | TooLargeError {
  if (error instanceof HttpFailure || error instanceof TooLargeError) return error;
  if (limits.signal.aborted) return new HttpFailure("it took too long or was called off", { cause: error });
  const { code, message } = error as NodeJS.ErrnoException;
  return new HttpFailure(message || code || "the connection failed", { cause: error });
}

/** Hands the chunks over one by one and lets go of each, so that a pack is not held twice. */
async function* release(chunks: Buffer[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (let chunk = chunks.shift(); chunk; chunk = chunks.shift()) yield chunk;
}
