// A control plane for one attempt, over real HTTP: it keeps what it is told, and answers what a test wants.
import { createServer } from "node:http";
import { onTestFinished } from "vitest";
import { type ErrorCode, problemTypeOf, statusOfCode } from "../../functions/core/errors.ts";
import { type ControlPlane, connectControlPlane } from "../../functions/sandbox/control-plane.ts";
import { listen } from "../../infra/local/aws-json.ts";

export interface Heard {
  verb: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was said
  body: any;
}
type Reply = { status?: number; body: object } | "silence";

export interface CallbackServer {
  plane: ControlPlane;
  heard: Heard[];
  /** Settles once so many calls of that verb have come. */
  count(verb: string, times: number): Promise<void>;
}

/** `reply` may wait: the call is under way until it settles. */
export async function serveCallbacks(
  reply: (call: Heard, number: number) => Reply | Promise<Reply>,
  { patienceMs = 60_000 } = {},
): Promise<CallbackServer> {
  const heard: Heard[] = [];
  const waiting: { isThere(): boolean; resolve(): void }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const call = { verb: request.url?.split("/").at(-1) ?? "", body: JSON.parse(Buffer.concat(chunks).toString()) };
    heard.push(call);
    for (const one of waiting) if (one.isThere()) one.resolve();
    const answer = await reply(call, heard.filter(({ verb }) => verb === call.verb).length);
    if (answer === "silence") return void request.socket.destroy();
    response.writeHead(answer.status ?? 200, { "content-type": "application/json" });
    response.end(JSON.stringify(answer.body));
  });
  const { url, close } = await listen(server, 0);
  onTestFinished(close);
  return {
    plane: connectControlPlane({ apiUrl: url, agentId: "agt_1", token: "token", patienceMs }),
    heard,
    count(verb, times) {
      const isThere = () => heard.filter((call) => call.verb === verb).length >= times;
      return new Promise((resolve) => (isThere() ? resolve() : waiting.push({ isThere, resolve })));
    },
  };
}

/** As the API refuses. */
export const problem = (code: ErrorCode) => ({
  status: statusOfCode[code],
  body: { type: problemTypeOf(code), code },
});

export const running = (inbox = 0) => ({ body: { status: "running", inbox } });
