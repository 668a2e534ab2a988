// How does a notice reach somebody else's server, and nothing else? Over a connection to an address that was judged.
import { lookup } from "node:dns/promises";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { LookupFunction } from "node:net";
import type { PostOutcome, Receivers } from "../core/notices.ts";
import { judgeAddresses, judgeWebhookUrl } from "../core/webhook-url.ts";

export interface ReceiverSettings {
  timeoutMs: number;
  allowLoopback: boolean;
}

interface Address {
  address: string;
  family: number;
}

/** What is read of an answer, and thrown away: only its status counts. */
const maxAnswerBytes = 64 * 1024;

type Target = { kind: "ok"; url: URL; addresses: Address[] } | Extract<PostOutcome, { why: string }>;

export function openReceivers({ timeoutMs, allowLoopback }: ReceiverSettings): Receivers {
  async function locate(text: string): Promise<Target> {
    const judged = judgeWebhookUrl(text, allowLoopback);
    if (judged.kind === "bad") return { kind: "refused", why: judged.why };
    const addresses = await resolve(judged.host);
    if (addresses.length === 0) return { kind: "unreachable", why: "its name has no address" };
    const why = judgeAddresses(
      judged,
      addresses.map(({ address }) => address),
    );
    return why ? { kind: "refused", why } : { kind: "ok", url: judged.url, addresses };
  }

  return {
    async judge(text) {
      const target = await locate(text);
      return target.kind === "ok" ? undefined : target.why;
    },
    async post(text, headers, body) {
      const signal = AbortSignal.timeout(timeoutMs);
      const timedOut = new Promise<PostOutcome>((settle) => {
        signal.addEventListener("abort", () => settle({ kind: "unreachable", why: `no answer in ${timeoutMs} ms` }));
      });
      const posted = locate(text).then((target) =>
        target.kind === "ok" ? post(target, headers, body, signal) : target,
      );
      return Promise.race([posted, timedOut]);
    },
  };
}

async function resolve(host: string): Promise<Address[]> {
  try {
    return await lookup(host, { all: true });
  } catch {
    // Whatever the resolver says, there is no address to go to; the caller says so.
    return [];
  }
}

function post(
  { url, addresses }: Extract<Target, { kind: "ok" }>,
  headers: Record<string, string>,
  body: string,
  signal: AbortSignal,
): Promise<PostOutcome> {
  const { promise, resolve: settle } = Promise.withResolvers<PostOutcome>();
  // The name is not resolved a second time, when it may lead elsewhere. TLS still checks the name.
  const judged: LookupFunction = (_host, options, callback) => {
    const [first] = addresses;
    if (options.all) callback(null, addresses);
    else callback(null, first?.address ?? "", first?.family);
  };
  const send = url.protocol === "https:" ? requestHttps : requestHttp;
  // `agent: false`: no connection is kept, and none of anybody else's is used.
  const options = { method: "POST", headers, lookup: judged, agent: false, signal };
  const sent = send(url, options, (response) => {
    let bytes = 0;
    settle({ kind: "answered", status: response.statusCode ?? 0 });
    response.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxAnswerBytes) response.destroy();
    });
    // The status has been taken; that the rest of the answer broke off changes nothing.
    response.on("error", () => response.destroy());
  });
  sent.on("error", (error: NodeJS.ErrnoException) => {
    settle({ kind: "unreachable", why: `no connection: ${error.code ?? error.name}` });
  });
  sent.end(body);
  return promise;
}
