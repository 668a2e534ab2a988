// How is one question put to a forge's API, so that the answer is bounded and the token goes nowhere else?
import { request } from "@octokit/request";

export type ForgeAnswer =
  | { kind: "answered"; status: number; headers: Record<string, string | number | undefined>; data: unknown }
  | { kind: "unreachable"; why: string };

/** A route such as `GET /repos/{owner}/{repo}/pulls`, and what fills it; the rest is the query or the body. */
export type Ask = (route: string, parameters: Record<string, unknown>) => Promise<ForgeAnswer>;

/** For the whole conversation. */
const timeoutMs = 30_000;
const maxAnswerBytes = 4 * 1024 * 1024;

/** Never throws for what the forge or the network does. */
export function openAsk(apiUrl: string, authorization: string): Ask {
  const send = request.defaults({ baseUrl: apiUrl, headers: { authorization, "user-agent": "drover" } });
  const signal = AbortSignal.timeout(timeoutMs);
  return async (route, parameters) => {
    try {
      // A redirect is an answer, not an invitation: the token is for one host.
      const { status, headers, data } = await send(route, {
        ...parameters,
        request: { signal, fetch: fetchBounded, redirect: "manual" },
      });
      return { kind: "answered", status, headers, data };
    } catch (error) {
      return readFailure(error, signal);
    }
  };
}

async function fetchBounded(url: string, options: RequestInit): Promise<Response> {
  const { status, headers, body } = await fetch(url, options);
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body ?? []) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > maxAnswerBytes) throw new Error(`the answer is larger than ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return new Response(status === 204 ? null : Buffer.concat(chunks), { status, headers });
}

function readFailure(error: unknown, signal: AbortSignal): ForgeAnswer {
  if (signal.aborted) return { kind: "unreachable", why: `it did not answer in ${timeoutMs / 1000} seconds` };
  const { status, response, message } = error as {
    status?: number;
    response?: { headers: Record<string, string>; data: unknown };
    message: string;
  };
  if (status !== undefined && response) return { kind: "answered", status, ...response };
  return { kind: "unreachable", why: message };
}
