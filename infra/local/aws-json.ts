// How does a stand-in speak the AWS JSON protocol? One loopback HTTP server, one operation per function.
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** An error the SDK shows by name: `type` becomes the exception's name on the client. */
export class AwsError extends Error {
  readonly type: string;
  readonly extra: Record<string, unknown>;
  constructor(type: string, message: string, extra: Record<string, unknown> = {}) {
    super(message);
    this.type = type;
    this.extra = extra;
  }
}

/** One operation: takes the parsed body, answers the body to send. `signal` aborts when the client hangs up. */
export type Operation = (input: Record<string, unknown>, signal: AbortSignal) => unknown | Promise<unknown>;

export interface Endpoint {
  /** `http://127.0.0.1:<port>`, the value of the service's `AWS_ENDPOINT_URL_*` variable. */
  readonly url: string;
  close(): Promise<void>;
}

export interface AwsJsonService {
  /** The part of `x-amz-target` before the dot. */
  targetPrefix: string;
  jsonVersion: "1.0" | "1.1";
  operations: Record<string, Operation>;
  /** TCP port on 127.0.0.1; 0 (the default) lets the kernel choose. */
  port?: number;
}

const maxBodyBytes = 2 * 1024 * 1024;

/** Serves one AWS service on loopback. An unknown operation is an error answer, never an empty success. */
export function serveAwsJson(service: AwsJsonService): Promise<Endpoint> {
  return listenOnLoopback(async (request, response) => {
    const hungUp = new AbortController();
    response.once("close", () => hungUp.abort());
    const { status, body } = await answer(service, request, hungUp.signal);
    const text = JSON.stringify(body ?? {});
    response.writeHead(status, {
      "content-type": `application/x-amz-json-${service.jsonVersion}`,
      "x-amzn-requestid": randomUUID(),
      "content-length": Buffer.byteLength(text),
    });
    response.end(text);
  }, service.port);
}

async function answer(service: AwsJsonService, request: IncomingMessage, signal: AbortSignal) {
  try {
    const [prefix, name] = String(request.headers["x-amz-target"] ?? "").split(".");
    const operation = prefix === service.targetPrefix && name ? service.operations[name] : undefined;
    if (!operation) throw new AwsError("UnknownOperationException", `The local stand-in has no operation ${name}.`);
    return { status: 200, body: await operation(JSON.parse((await readBody(request)).toString() || "{}"), signal) };
  } catch (error) {
    if (error instanceof AwsError) {
      return { status: 400, body: { __type: error.type, message: error.message, ...error.extra } };
    }
    console.error("local stand-in failed", error);
    return { status: 500, body: { __type: "InternalFailure", message: String(error) } };
  }
}

/** Reads a request body whole, up to 2 MiB unless told otherwise. */
export async function readBody(request: IncomingMessage, limitBytes = maxBodyBytes): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  // The connection must live on, or the caller would see a reset instead of the refusal.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limitBytes) throw new AwsError("RequestEntityTooLarge", `The body is over ${limitBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Listens on 127.0.0.1 only. Requests that a browser page sends are refused (an Origin header, or a Host that is not
 * loopback, as in DNS rebinding): the stand-ins check no signature, so the browser must not be a way in.
 */
export function listenOnLoopback(
  handle: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
  port = 0,
): Promise<Endpoint> {
  const server = createServer(async (request, response) => {
    if (request.headers.origin || !isLoopbackHost(request.headers.host)) {
      response.writeHead(403).end("loopback clients only\n");
      return;
    }
    try {
      await handle(request, response);
    } catch (error) {
      console.error("local stand-in failed", error);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    }
  });
  return listen(server, port);
}

/** On 127.0.0.1; rejects with the system's error, EADDRINUSE say. Closing ends open connections as well. */
export function listen(server: Server, port: number): Promise<Endpoint> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const { port: bound } = server.address() as AddressInfo;
      resolve({
        url: `http://127.0.0.1:${bound}`,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            server.closeAllConnections();
          }),
      });
    });
  });
}

function isLoopbackHost(host: string | undefined): boolean {
  return /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host ?? "");
}
