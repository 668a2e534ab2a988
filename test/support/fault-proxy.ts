// What if the request, or only its answer, is lost, late or refused? A proxy before any AWS JSON endpoint.
import { Agent, type IncomingMessage, type ServerResponse, request as sendRequest } from "node:http";
import { type Endpoint, listenOnLoopback, readBody } from "../../infra/local/aws-json.ts";

/** What happens to a request. `drop_request` never arrives; `drop_answer` takes effect, and nobody is told. */
export type Fault =
  | { kind: "drop_request" }
  | { kind: "drop_answer" }
  /** `after`: only then is it answered. */
  | {
      kind: "error";
      type: string;
      message: string;
      extra?: Record<string, unknown>;
      status?: number;
      after?: Promise<unknown>;
    }
  | Hold
  | { kind: "delay_until"; promise: Promise<unknown> }
  /** When it has taken effect, and nobody was told yet. */
  | { kind: "after_effect"; act: () => void };

export interface Hold {
  kind: "hold";
  /** Resolves when the first request has come; it has not been forwarded yet. */
  reached: Promise<void>;
  /** Lets pass what is held and all that comes later. */
  release(): void;
  arrive(): void;
  released: Promise<void>;
}

export interface Rule {
  /** As in `x-amz-target`, without the service: `TransactWriteItems`. */
  operation: string;
  match?(body: unknown): boolean;
  /** How many requests it applies to; all, if absent. The SDK's own retries are requests too. */
  times?: number;
  do: Fault;
}

export interface PlacedRule {
  remove(): void;
  hits(): number;
}

export interface FaultProxy extends Endpoint {
  /** Of several rules that apply to a request, the one placed first is used. */
  on(rule: Rule): PlacedRule;
}

/** A request that is held goes on even if its client has hung up meanwhile: such a late write is a fault worth having. */
export function hold(): Hold {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  return {
    kind: "hold",
    reached: reached.promise,
    released: released.promise,
    arrive: reached.resolve,
    release: released.resolve,
  };
}

const maxBodyBytes = 20 * 1024 * 1024;

export async function startFaultProxy(targetUrl: string): Promise<FaultProxy> {
  const rules = new Map<Rule, { hits: number }>();
  const agent = new Agent({ keepAlive: true });

  function choose(operation: string, text: string): Fault | undefined {
    for (const [rule, counter] of rules) {
      if (rule.operation !== operation || counter.hits >= (rule.times ?? Number.POSITIVE_INFINITY)) continue;
      if (rule.match && !rule.match(JSON.parse(text || "{}"))) continue;
      counter.hits += 1;
      return rule.do;
    }
    return undefined;
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request, maxBodyBytes);
    const operation = String(request.headers["x-amz-target"] ?? "").split(".")[1] ?? "";
    const fault = choose(operation, body.toString());
    if (fault?.kind === "drop_request") return void request.socket.destroy();
    if (fault?.kind === "error") {
      await fault.after;
      return answerError(response, fault);
    }
    if (fault?.kind === "hold") fault.arrive();
    if (fault?.kind === "hold") await fault.released;
    if (fault?.kind === "delay_until") await fault.promise;
    try {
      const answer = await forward(request, body);
      if (fault?.kind === "drop_answer") return void request.socket.destroy();
      if (fault?.kind === "after_effect") fault.act();
      response.writeHead(answer.status, answer.headers).end(answer.body);
    } catch {
      // The target is down: the client sees just that.
      request.socket.destroy();
    }
  }

  async function forward({ method, url, headers }: IncomingMessage, body: Buffer) {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    sendRequest(new URL(url ?? "/", targetUrl), { method, headers, agent }, resolve)
      .on("error", reject)
      .end(body);
    const answer = await promise;
    return { status: answer.statusCode ?? 502, headers: answer.headers, body: await readBody(answer, maxBodyBytes) };
  }

  const endpoint = await listenOnLoopback(serve);
  return {
    url: endpoint.url,
    close: async () => {
      await endpoint.close();
      agent.destroy();
    },
    on: (rule) => {
      const placed = { ...rule };
      const counter = { hits: 0 };
      rules.set(placed, counter);
      return { remove: () => void rules.delete(placed), hits: () => counter.hits };
    },
  };
}

function answerError(response: ServerResponse, { type, message, extra, status }: Fault & { kind: "error" }): void {
  response.writeHead(status ?? 400, { "content-type": "application/x-amz-json-1.0" });
  response.end(JSON.stringify({ __type: type, message, ...extra }));
}
