// What if the model says exactly this, or its server fails in exactly that way? The Messages API on loopback, scripted.
import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type {
  ContentBlock,
  Message,
  MessageCreateParamsStreaming,
  RawMessageStreamEvent,
  RefusalStopDetails,
  StopReason,
  Usage,
} from "@anthropic-ai/sdk/resources/messages/messages";
import { listenOnLoopback, readBody } from "../../infra/local/aws-json.ts";
import { measurePrompt } from "./messages-api-cache.ts";
import { signThinking, whyBadRequest } from "./messages-api-rules.ts";

export interface Turn {
  thinking?: string;
  /** A thought that the provider shows to nobody. */
  redacted?: string;
  text?: string;
  tools?: { name: string; input: unknown; id?: string }[];
  /** Takes the place of the JSON of the last tool's input. */
  rawInput?: string;
  /** `end_turn`, or `tool_use` where there are tools, if absent. */
  stop?: StopReason;
  refusal?: Omit<RefusalStopDetails, "type">;
  /** Measured from the request and the answer where it says nothing. */
  usage?: Partial<
    Pick<Usage, "input_tokens" | "output_tokens" | "cache_read_input_tokens" | "cache_creation_input_tokens">
  >;
  /** Answered before anything else is looked at. */
  error?: { status: number; type: string; message?: string; code?: string; headers?: Record<string, string> };
  /**
   * `before_headers` drops the connection unanswered, `mid_stream` in the middle of the last block, `truncated` ends
   * the stream well before the message ends, `error_event` sends an error where the last block should end, `error_first`
   * where the message should begin.
   */
  fault?: "before_headers" | "mid_stream" | "truncated" | "error_event" | "error_first";
  /** The first event goes out at once, the rest when this is settled. */
  gate?: Promise<unknown>;
}

export type Script = Turn[] | ((request: MessageCreateParamsStreaming, number: number) => Turn | Promise<Turn>);

export interface ReceivedRequest {
  headers: IncomingHttpHeaders;
  body: MessageCreateParamsStreaming;
}

export interface MessagesApi {
  url: string;
  key: string;
  /** Those that were answered by the script. */
  requests: ReceivedRequest[];
  /** What was refused for its form, and so never got to the script. */
  refused: string[];
  /** Settles when the request with this number, from 0, has come. */
  reached(number: number): Promise<ReceivedRequest>;
  /** How often a client hung up before its answer was complete. */
  hungUp: () => number;
  close(): Promise<void>;
}

export interface MessagesApiOptions {
  /** Prompts that measure more than this are refused as too long. */
  windowTokens?: number;
}

const maxBodyBytes = 32 * 1024 * 1024;
const charactersPerDelta = 40;
const newId = (prefix: string) => `${prefix}_${randomBytes(12).toString("hex")}`;

export async function startMessagesApi(script: Script, options: MessagesApiOptions = {}): Promise<MessagesApi> {
  const key = `sk-ant-api03-${randomBytes(24).toString("base64url")}`;
  const requests: ReceivedRequest[] = [];
  const waiting: { number: number; resolve: (request: ReceivedRequest) => void }[] = [];
  const refused: string[] = [];
  const cached = new Set<string>();
  let hungUp = 0;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = (await readBody(request, maxBodyBytes)).toString();
    response.on("close", () => {
      if (!response.writableFinished) hungUp += 1;
    });
    if (request.method !== "POST" || request.url !== "/v1/messages")
      return fail(response, 404, "not_found_error", "no such page");
    if (request.headers.authorization !== `Bearer ${key}`)
      return fail(response, 401, "authentication_error", "invalid API key");
    const why = whyBadRequest(raw, request.headers);
    if (why) {
      refused.push(why.message);
      return fail(response, why.status, why.type, why.message);
    }
    const body = JSON.parse(raw) as MessageCreateParamsStreaming;
    const prompt = measurePrompt(body, cached);
    const number = requests.push({ headers: request.headers, body }) - 1;
    for (const waiter of waiting) if (waiter.number === number) waiter.resolve({ headers: request.headers, body });
    const turn = typeof script === "function" ? await script(body, number) : script[number];
    if (!turn) return fail(response, 400, "invalid_request_error", `the script has no turn ${number}`);
    if (turn.error) return fail(response, turn.error.status, turn.error.type, turn.error.message, turn.error);
    if (turn.fault === "before_headers") return void request.socket.destroy();
    if (prompt.total > (options.windowTokens ?? Number.POSITIVE_INFINITY)) {
      const message = `prompt is too long: ${prompt.total} tokens > ${options.windowTokens} maximum`;
      return fail(response, 400, "invalid_request_error", message);
    }
    for (const prefix of prompt.written) cached.add(prefix);
    await stream(response, turn, buildMessage(body, turn, prompt.usage));
  }

  const endpoint = await listenOnLoopback(serve);
  return {
    ...endpoint,
    key,
    requests,
    refused,
    hungUp: () => hungUp,
    reached(number) {
      const request = requests[number];
      if (request) return Promise.resolve(request);
      return new Promise((resolve) => waiting.push({ number, resolve }));
    },
  };
}

function fail(
  response: ServerResponse,
  status: number,
  type: string,
  message = type,
  more: Partial<Turn["error"]> = {},
) {
  const id = newId("req");
  const details = more.code ? { details: { error_code: more.code } } : {};
  const headers = { "content-type": "application/json", "request-id": id, ...more.headers };
  const error = { type: "error", error: { type, message, ...details }, request_id: id };
  response.writeHead(status, headers).end(JSON.stringify(error));
}

function buildMessage(body: MessageCreateParamsStreaming, turn: Turn, prompt: Partial<Usage>): Message {
  const content: ContentBlock[] = [];
  if (turn.thinking !== undefined) {
    content.push({ type: "thinking", thinking: turn.thinking, signature: signThinking(body) });
  }
  if (turn.redacted !== undefined) content.push({ type: "redacted_thinking", data: turn.redacted });
  if (turn.text !== undefined) content.push({ type: "text", text: turn.text, citations: null });
  for (const { name, input, id = newId("toolu") } of turn.tools ?? []) {
    content.push({ type: "tool_use", id, name, input, caller: { type: "direct" } });
  }
  if (turn.stop === "pause_turn") {
    const caller = { type: "direct" } as const;
    content.push({ type: "server_tool_use", id: newId("srvtoolu"), name: "web_search", input: {}, caller });
  }
  const output = Math.ceil(JSON.stringify(content).length / 4);
  return {
    id: newId("msg"),
    type: "message",
    role: "assistant",
    model: body.model,
    container: null,
    diagnostics: null,
    content,
    stop_reason: turn.stop ?? (turn.tools?.length ? "tool_use" : "end_turn"),
    stop_sequence: null,
    stop_details: turn.refusal ? { type: "refusal", ...turn.refusal } : null,
    usage: {
      input_tokens: 0,
      output_tokens: Math.min(output, body.max_tokens),
      cache_creation: null,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      inference_geo: null,
      output_tokens_details: null,
      server_tool_use: null,
      service_tier: "standard",
      speed: null,
      ...prompt,
      ...turn.usage,
    },
  };
}

async function stream(response: ServerResponse, turn: Turn, message: Message): Promise<void> {
  const send = (
    event: RawMessageStreamEvent | { type: "ping" } | { type: "error"; error: { type: string; message: string } },
  ) => response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  response.writeHead(200, { "content-type": "text/event-stream", "request-id": newId("req") });
  const overloaded = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } } as const;
  if (turn.fault === "error_first") {
    send(overloaded);
    return void response.end();
  }
  const { content, stop_reason, stop_details, usage } = message;
  const start = {
    ...message,
    content: [],
    stop_reason: null,
    stop_details: null,
    usage: { ...usage, output_tokens: 1 },
  };
  send({ type: "message_start", message: start });
  send({ type: "ping" });
  await turn.gate;
  for (const [index, block] of content.entries()) {
    const last = index === content.length - 1;
    send({ type: "content_block_start", index, content_block: emptied(block) });
    const deltas = deltasOf(block, last ? turn.rawInput : undefined);
    for (const delta of deltas) {
      send({ type: "content_block_delta", index, delta });
      if (last && turn.fault === "mid_stream") {
        // Only once it is on its way, or the client would see no stream at all.
        await new Promise((sent) => response.write("\n", sent));
        return void response.socket?.destroy();
      }
    }
    if (last && turn.fault === "truncated") return void response.end();
    if (last && turn.fault === "error_event") {
      send(overloaded);
      return void response.end();
    }
    send({ type: "content_block_stop", index });
  }
  const { input_tokens, output_tokens, cache_creation_input_tokens, cache_read_input_tokens } = usage;
  send({
    type: "message_delta",
    delta: { stop_reason, stop_details, stop_sequence: null, container: null },
    usage: {
      input_tokens,
      output_tokens,
      cache_creation_input_tokens,
      cache_read_input_tokens,
      output_tokens_details: null,
      server_tool_use: null,
    },
  });
  send({ type: "message_stop" });
  response.end();
}

type StartedBlock = Extract<RawMessageStreamEvent, { type: "content_block_start" }>["content_block"];
type Delta = Extract<RawMessageStreamEvent, { type: "content_block_delta" }>["delta"];

function emptied(block: ContentBlock): StartedBlock {
  if (block.type === "text") return { ...block, text: "" };
  if (block.type === "thinking") return { ...block, thinking: "", signature: "" };
  return block.type === "tool_use" ? { ...block, input: {} } : block;
}

function deltasOf(block: ContentBlock, rawInput: string | undefined): Delta[] {
  if (block.type === "text") return pieces(block.text).map((text) => ({ type: "text_delta", text }));
  if (block.type === "thinking") {
    const deltas: Delta[] = pieces(block.thinking).map((thinking) => ({ type: "thinking_delta", thinking }));
    return [...deltas, { type: "signature_delta", signature: block.signature }];
  }
  if (block.type !== "tool_use") return [];
  const json = rawInput ?? JSON.stringify(block.input);
  return ["", ...pieces(json)].map((partial_json) => ({ type: "input_json_delta", partial_json }));
}

function pieces(text: string): string[] {
  return text.match(new RegExp(`[^]{1,${charactersPerDelta}}`, "g")) ?? [];
}
