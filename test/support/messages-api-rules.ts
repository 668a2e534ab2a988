// What would the real Messages API refuse? As far as it is documented, and no kinder.
import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type {
  ContentBlockParam,
  MessageCreateParamsStreaming,
  MessageParam,
} from "@anthropic-ai/sdk/resources/messages/messages";

interface Refused {
  status: number;
  type: string;
  message: string;
}

/** Every parameter in the body; the SDK sends the last two as headers. */
const knownParameters: Record<keyof MessageCreateParamsStreaming, true> = {
  max_tokens: true,
  messages: true,
  model: true,
  cache_control: true,
  container: true,
  diagnostics: true,
  inference_geo: true,
  metadata: true,
  output_config: true,
  service_tier: true,
  speed: true,
  stop_sequences: true,
  stream: true,
  system: true,
  thinking: true,
  tool_choice: true,
  tools: true,
  user_profile_id: true,
  workspace_id: true,
};
/** With `thinking` always on or adaptive, none of these can be made to use a tool. */
const models = new Map([
  ["claude-haiku-5-5", { maxOutput: 128_000 }],
  ["claude-sonnet-5-5", { maxOutput: 128_000 }],
  ["claude-opus-5-5", { maxOutput: 128_000 }],
]);
const maxBreakpoints = 4;

export function whyBadRequest(raw: string, headers: IncomingHttpHeaders): Refused | undefined {
  if (!headers["anthropic-version"]) return bad("anthropic-version: header is required");
  if (!headers["content-type"]?.startsWith("application/json")) return bad("content-type: must be application/json");
  let body: MessageCreateParamsStreaming;
  try {
    body = JSON.parse(raw);
  } catch {
    return bad("the body is not JSON");
  }
  const model = models.get(body.model);
  if (!model) return { status: 404, type: "not_found_error", message: `model: ${body.model}` };
  const why =
    whyBadParameters(body, model.maxOutput) ??
    whyBadTools(body) ??
    whyBadMessages(body.messages) ??
    whyBadThinking(body);
  return why ? bad(why) : undefined;
}

function whyBadParameters(body: MessageCreateParamsStreaming, maxOutput: number): string | undefined {
  const unknown = Object.keys(body).find((name) => !(name in knownParameters));
  if (unknown) return `${unknown}: Extra inputs are not permitted`;
  if (body.stream !== true) return "stream: this server only streams";
  if (!Number.isInteger(body.max_tokens) || body.max_tokens < 1) return "max_tokens: must be a positive integer";
  if (body.max_tokens > maxOutput) return `max_tokens: ${body.max_tokens} > ${maxOutput}`;
  if (body.tool_choice?.type === "any" || body.tool_choice?.type === "tool")
    return "tool_choice: forced tool use is not supported";
  if (body.thinking && body.thinking.type !== "adaptive")
    return `"thinking.type.${body.thinking.type}" is not supported for this model`;
  const breakpoints = JSON.stringify([body.tools, body.system, body.messages]).split('"cache_control":{').length - 1;
  return breakpoints > maxBreakpoints
    ? `a maximum of ${maxBreakpoints} blocks with cache_control, found ${breakpoints}`
    : undefined;
}

function whyBadTools({ tools = [] }: MessageCreateParamsStreaming): string | undefined {
  const names = tools.map((tool) => ("name" in tool ? tool.name : ""));
  if (new Set(names).size < names.length) return "tools: Tool names must be unique";
  return names.some((name) => !/^[a-zA-Z0-9_-]{1,128}$/.test(name)) ? "tools: a name is not valid" : undefined;
}

function whyBadMessages(messages: MessageParam[]): string | undefined {
  if (!Array.isArray(messages) || messages[0]?.role !== "user") return "messages: first message must use the user role";
  let open: string[] = [];
  const seen = new Set<string>();
  for (const [at, message] of messages.entries()) {
    const blocks = blocksOf(message);
    if (blocks.length === 0) return `messages.${at}: content must not be empty`;
    if (blocks.some((block) => block.type === "text" && block.text.trim() === ""))
      return `messages.${at}: text content blocks must contain non-whitespace text`;
    const results = blocks.flatMap((block) => (block.type === "tool_result" ? [block.tool_use_id] : []));
    const unpaired = open.find((id) => !results.includes(id));
    if (unpaired) return `messages.${at}: tool_use id without tool_result block: ${unpaired}`;
    const unasked = results.find((id) => !open.includes(id));
    if (unasked) return `messages.${at}: unexpected tool_use_id in tool_result: ${unasked}`;
    if (new Set(results).size < results.length) return `messages.${at}: each tool_use must have a single result`;
    if (blocks.findLastIndex(({ type }) => type === "tool_result") >= results.length)
      return `messages.${at}: tool_result blocks must come first`;
    open = blocks.flatMap((block) => (block.type === "tool_use" ? [block.id] : []));
    for (const id of open) {
      if (seen.has(id)) return `messages.${at}: tool_use ids must be unique: ${id}`;
      seen.add(id);
    }
    if (open.length > 0 && message.role !== "assistant") return `messages.${at}: tool_use in a ${message.role} message`;
  }
  if (open.length > 0) return "the last assistant message has tool_use blocks without results";
  const last = messages.at(-1);
  const paused = last && blocksOf(last).at(-1)?.type === "server_tool_use";
  return last?.role === "assistant" && !paused ? "This model does not support assistant message prefill" : undefined;
}

/** A thinking block is good only behind the very conversation that it was thought in. */
function whyBadThinking(body: MessageCreateParamsStreaming): string | undefined {
  for (const [at, message] of body.messages.entries()) {
    for (const block of blocksOf(message)) {
      if (block.type !== "thinking") continue;
      const expected = signThinking({ ...body, messages: body.messages.slice(0, at) });
      if (block.signature !== expected)
        return `messages.${at}.content.0: Invalid \`signature\` in \`thinking\` block. The block is bound to a different conversation.`;
    }
  }
  return undefined;
}

export function signThinking({ model, system, tools, messages }: MessageCreateParamsStreaming): string {
  return createHash("sha256").update(canonical({ model, system, tools, messages })).digest("base64");
}

/** Where the cache has its breakpoints changes nothing of what is said. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (name, inner) => (name === "cache_control" ? undefined : inner));
}

export function blocksOf({ content }: MessageParam): ContentBlockParam[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : (content as ContentBlockParam[]);
}

function bad(message: string): Refused {
  return { status: 400, type: "invalid_request_error", message };
}
