// What has the model said? One message, put together from its stream, or as much of it as came.
import type {
  ContentBlockParam,
  RawContentBlockDelta,
  RawMessageStreamEvent,
  RefusalStopDetails,
  StopReason,
} from "@anthropic-ai/sdk/resources/messages/messages";
import { estimateTokensOf } from "../../core/models.ts";
import type { TokenCounts } from "../../core/price.ts";

export interface Reply {
  /** As it is sent back in the next call. */
  content: ContentBlockParam[];
  stopReason: StopReason;
  stopDetails: RefusalStopDetails | undefined;
  used: TokenCounts;
  /** Ids of tool calls whose input was no JSON. In `content` it is an empty object. */
  malformed: Set<string>;
}

/** The stream broke off before the message was complete. */
export class BrokenStream extends Error {
  /** What it has cost so far; undefined when nothing came, so that nobody knows. */
  readonly used: TokenCounts | undefined;

  constructor(used: TokenCounts | undefined, cause: unknown) {
    super("the stream broke off in the middle of a message", { cause });
    this.used = used;
  }
}

/** Throws a `BrokenStream` if the message does not become whole. */
export async function readReply(events: AsyncIterable<RawMessageStreamEvent>): Promise<Reply> {
  const draft = new Draft();
  try {
    for await (const event of events) draft.add(event);
  } catch (cause) {
    throw new BrokenStream(draft.usedSoFar, cause);
  }
  const reply = draft.finish();
  if (!reply) throw new BrokenStream(draft.usedSoFar, new Error("it ended without an end of the message"));
  return reply;
}

class Draft {
  readonly #blocks: ContentBlockParam[] = [];
  readonly #inputs = new Map<number, string>();
  #bytes = 0;
  #used: TokenCounts | undefined;
  #stopReason: StopReason | undefined;
  #stopDetails: RefusalStopDetails | undefined;

  /** Until the message has ended, the provider has not said how long it is. */
  get usedSoFar(): TokenCounts | undefined {
    const written = estimateTokensOf(this.#bytes);
    return this.#used && { ...this.#used, output: Math.max(this.#used.output, written) };
  }

  add(event: RawMessageStreamEvent): void {
    switch (event.type) {
      case "message_start": {
        const { usage } = event.message;
        this.#used = {
          input: usage.input_tokens,
          output: usage.output_tokens,
          cacheRead: usage.cache_read_input_tokens ?? 0,
          cacheWrite: usage.cache_creation_input_tokens ?? 0,
        };
        return;
      }
      case "content_block_start":
        this.#blocks[event.index] = toParam(event.content_block);
        return;
      case "content_block_delta":
        this.#extend(event.index, event.delta);
        return;
      case "message_delta":
        this.#stopReason = event.delta.stop_reason ?? undefined;
        this.#stopDetails = event.delta.stop_details ?? undefined;
        if (this.#used) this.#used = update(this.#used, event.usage);
    }
  }

  #extend(index: number, delta: RawContentBlockDelta): void {
    const block = this.#blocks[index];
    if (delta.type === "text_delta" && block?.type === "text") block.text += this.#count(delta.text);
    if (delta.type === "thinking_delta" && block?.type === "thinking") block.thinking += this.#count(delta.thinking);
    if (delta.type === "signature_delta" && block?.type === "thinking") block.signature += delta.signature;
    if (delta.type === "input_json_delta") {
      this.#inputs.set(index, (this.#inputs.get(index) ?? "") + this.#count(delta.partial_json));
    }
  }

  #count(text: string): string {
    this.#bytes += Buffer.byteLength(text);
    return text;
  }

  /** Undefined as long as the model has not said why it stopped, which it does behind all that it says. */
  finish(): Reply | undefined {
    if (!this.#stopReason || !this.#used) return undefined;
    const malformed = new Set<string>();
    for (const [index, json] of this.#inputs) {
      const block = this.#blocks[index];
      if (block?.type !== "tool_use" && block?.type !== "server_tool_use") continue;
      const input = parseInput(json);
      block.input = input ?? {};
      if (!input) malformed.add(block.id);
    }
    // An empty text is no text, and is refused when it is sent back.
    const content = this.#blocks.filter((block) => block?.type !== "text" || block.text.trim() !== "");
    return {
      content,
      stopReason: this.#stopReason,
      stopDetails: this.#stopDetails,
      used: this.#used,
      malformed,
    };
  }
}

type StartedBlock = Extract<RawMessageStreamEvent, { type: "content_block_start" }>["content_block"];

/** What only answers carry is left out; blocks that we did not ask for go back as they came. */
function toParam(block: StartedBlock): ContentBlockParam {
  switch (block.type) {
    case "text":
      return { type: "text", text: block.text };
    case "tool_use":
      return { type: "tool_use", id: block.id, name: block.name, input: {} };
    case "thinking":
      return { type: "thinking", thinking: block.thinking, signature: block.signature };
    default:
      return { ...block } as ContentBlockParam;
  }
}

interface DeltaUsage {
  input_tokens: number | null;
  output_tokens: number;
  cache_read_input_tokens: number | null;
  cache_creation_input_tokens: number | null;
}

function update(used: TokenCounts, usage: DeltaUsage): TokenCounts {
  return {
    input: usage.input_tokens ?? used.input,
    output: usage.output_tokens,
    cacheRead: usage.cache_read_input_tokens ?? used.cacheRead,
    cacheWrite: usage.cache_creation_input_tokens ?? used.cacheWrite,
  };
}

function parseInput(json: string): object | undefined {
  try {
    const value: unknown = JSON.parse(json || "{}");
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    // The caller tells the model.
    return undefined;
  }
}
