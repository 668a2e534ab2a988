// How does a plain http request pass through the proxy?
import { type IncomingHttpHeaders, type IncomingMessage, request as openRequest, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { Budget } from "./egress-budget.ts";
import type { Dial } from "./egress-dial.ts";

/** Meant for the next hop only, which is us; `connection` may name more of them. */
const hopHeaders = new Set(
  "connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer upgrade host".split(" "),
);
hopHeaders.add("transfer-encoding");

export async function forwardRequest(
  { dial, budget }: { dial: Dial; budget: Budget },
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const url = parseTarget(incoming.url ?? "");
  if (!url) return answer(outgoing, 400, "absolute http URLs only");
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const target = { host, port: Number(url.port || 80) };
  const dialled = await dial({ ...target, plain: true });
  if (dialled.kind === "refused") return answer(outgoing, dialled.status, dialled.why);
  if (!budget.spend(measureHead(incoming), target)) {
    dialled.socket.destroy();
    return answer(outgoing, 403, "the sandbox has sent as much as it may");
  }
  // The host header is rebuilt: an allowed address must not be asked for another name.
  const forward = openRequest({
    createConnection: () => dialled.socket,
    method: incoming.method,
    path: `${url.pathname}${url.search}`,
    headers: { ...keepEndToEnd(incoming.headers), ...frameBody(incoming), host: url.host, connection: "close" },
  });
  forward.on("response", (response) => {
    try {
      outgoing.writeHead(response.statusCode ?? 502, keepEndToEnd(response.headers));
    } catch {
      // A status or header that Node reads but does not write.
      forward.destroy();
      return answer(outgoing, 502, "the answer cannot be passed on");
    }
    // A side that breaks off takes the other with it, and the client sees a cut answer, never a complete one.
    pipeline(response, outgoing).catch(() => outgoing.destroy());
  });
  // Every error is followed by `close`, and so is a switch to another protocol, which is no error to Node.
  forward.on("error", () => undefined);
  forward.on("close", () => {
    if (!outgoing.headersSent) answer(outgoing, 502, "the connection broke");
  });
  outgoing.on("close", () => forward.destroy());
  budget.count(incoming, target, () => forward.destroy());
  pipeline(incoming, forward).catch(() => forward.destroy());
}

function parseTarget(text: string): URL | undefined {
  const url = URL.parse(text);
  if (url?.protocol !== "http:" || url.username !== "" || url.password !== "") return undefined;
  return url;
}

/** What the target, or the name server of a wildcard, learns by the request alone. */
const measureHead = ({ method = "", url = "", rawHeaders }: IncomingMessage) =>
  [method, url, ...rawHeaders].reduce((bytes, text) => bytes + text.length, 0);

/**
 * As it came, whatever `connection` names: a GET with a body would go out without a frame otherwise, and the body would
 * be read as the next request, for any host.
 */
function frameBody({ headers }: IncomingMessage): IncomingHttpHeaders {
  if (headers["transfer-encoding"] !== undefined) return { "transfer-encoding": "chunked" };
  return { "content-length": headers["content-length"] ?? "0" };
}

function keepEndToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = new Set((headers.connection ?? "").toLowerCase().split(/[\s,]+/));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopHeaders.has(name) && !named.has(name)));
}

function answer(outgoing: ServerResponse, status: number, why: string): void {
  if (outgoing.headersSent) return void outgoing.destroy();
  outgoing.writeHead(status, { "content-type": "text/plain", connection: "close" });
  outgoing.end(`${why}\n`);
}
