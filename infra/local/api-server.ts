// How is the API served on this machine? By Node's HTTP server on loopback, as the function URL would serve it.
import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { type Endpoint, listen } from "./aws-json.ts";
import { SetUpError } from "./data-dir.ts";

type Fetch = (request: Request) => Response | Promise<Response>;

/**
 * Port 0 lets the kernel choose. Until `isReady`, everything is answered 503: the functions must not open their cloud
 * before the environment that names it is complete. Throws SetUpError when the port is taken.
 */
export async function serveApi(fetch: Fetch, port: number, isReady: () => boolean): Promise<Endpoint> {
  const answer = (request: Request) => refuseStrangers(request) ?? (isReady() ? fetch(request) : notYet());
  const server = createAdaptorServer({ fetch: answer }) as Server;
  try {
    return await listen(server, port);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    throw new SetUpError(`Port ${port} on 127.0.0.1 is in use. Stop what uses it, or choose another with --port.`);
  }
}

const notYet = () =>
  Response.json(
    { title: "Starting", status: 503, detail: "drover is starting. Send the request again in a second.", code: "busy" },
    { status: 503, headers: { "content-type": "application/problem+json", "retry-after": "1" } },
  );

/** A page that a browser was lured to under another name (DNS rebinding) is not a local client. */
function refuseStrangers(request: Request): Response | undefined {
  const { hostname } = new URL(request.url);
  if (["127.0.0.1", "localhost", "[::1]"].includes(hostname)) return undefined;
  return Response.json(
    {
      title: "Forbidden",
      status: 403,
      detail: `This API answers on loopback only, not as ${hostname}.`,
      code: "forbidden",
    },
    { status: 403, headers: { "content-type": "application/problem+json" } },
  );
}
