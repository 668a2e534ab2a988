// How many tokens does a request measure, and how many of them are in the cache already?
import { createHash } from "node:crypto";
import type { MessageCreateParamsStreaming, Usage } from "@anthropic-ai/sdk/resources/messages/messages";
import { blocksOf, canonical } from "./messages-api-rules.ts";

const charactersPerToken = 4;

export interface MeasuredPrompt {
  total: number;
  usage: Pick<Usage, "input_tokens" | "cache_read_input_tokens" | "cache_creation_input_tokens">;
  /** What the cache knows from now on. */
  written: string[];
}

/** Prefixes end where a block has `cache_control`; the longest that is known is read, the longest of all written. */
export function measurePrompt(body: MessageCreateParamsStreaming, cached: ReadonlySet<string>): MeasuredPrompt {
  const hash = createHash("sha256");
  const prefixes: { id: string; tokens: number }[] = [];
  let characters = 0;
  for (const block of listBlocks(body)) {
    const text = canonical(block);
    hash.update(text);
    characters += text.length;
    if (!isBreakpoint(block)) continue;
    prefixes.push({ id: hash.copy().digest("hex"), tokens: Math.ceil(characters / charactersPerToken) });
  }
  const total = Math.ceil(characters / charactersPerToken);
  const read = prefixes.findLast(({ id }) => cached.has(id))?.tokens ?? 0;
  const write = (prefixes.at(-1)?.tokens ?? 0) - read;
  return {
    total,
    usage: {
      input_tokens: total - read - write,
      cache_read_input_tokens: read,
      cache_creation_input_tokens: write,
    },
    written: prefixes.map(({ id }) => id),
  };
}

function listBlocks({ model, tools = [], system = [], messages }: MessageCreateParamsStreaming): unknown[] {
  const said = messages.flatMap((message) => [{ role: message.role }, ...blocksOf(message)]);
  return [{ model }, ...tools, ...(typeof system === "string" ? [system] : system), ...said];
}

function isBreakpoint(block: unknown): boolean {
  return typeof block === "object" && block !== null && "cache_control" in block && block.cache_control !== null;
}
