// What can be done to a conversation without breaking it? Calls of tools stay with their results.
import type {
  ContentBlockParam,
  MessageParam,
  TextBlockParam,
  ToolResultBlockParam,
  ToolUseBlockParam,
} from "@anthropic-ai/sdk/resources/messages/messages";
import { estimateTokens } from "../../core/models.ts";

/** Blocks, always: a string says the same, but cannot be added to. */
export interface Said {
  role: "user" | "assistant";
  content: ContentBlockParam[];
}
export type Messages = readonly Said[];

export function text(words: string): TextBlockParam {
  return { type: "text", text: words.trim() === "" ? "(nothing)" : words };
}

/** Adds to what the user says next, behind the results of tools, which must come first. */
export function addUserText(messages: Messages, words: string): Said[] {
  const last = messages.at(-1);
  if (last?.role !== "user") return [...messages, { role: "user", content: [text(words)] }];
  return [...messages.slice(0, -1), { role: "user", content: [...last.content, text(words)] }];
}

export function toolCallsOf(content: readonly ContentBlockParam[]): ToolUseBlockParam[] {
  return content.filter((block) => block.type === "tool_use");
}

export function textOf(content: readonly ContentBlockParam[]): string {
  return content
    .flatMap((block) => (block.type === "text" ? [block.text] : []))
    .join("\n\n")
    .trim();
}

export function measure(messages: unknown): number {
  return estimateTokens(JSON.stringify(messages));
}

const maxKeptResultCharacters = 300;

/** Results of tools before the last `kept` messages keep their beginning, and say that the rest is gone. */
export function shortenResults(messages: Messages, kept: number): Said[] {
  const untouchedFrom = messages.length - kept;
  return messages.map((message, index) =>
    index >= untouchedFrom ? message : { ...message, content: message.content.map(shortenResult) },
  );
}

function shortenResult(block: ContentBlockParam): ContentBlockParam {
  if (block.type !== "tool_result") return block;
  const words = resultText(block);
  if (words.length <= maxKeptResultCharacters) return block;
  const cut = words.length - maxKeptResultCharacters;
  const note = `[drover: ${cut} characters of this old result were removed to save room; run the tool again if needed]`;
  return { ...block, content: `${words.slice(0, maxKeptResultCharacters).toWellFormed()}\n${note}` };
}

export function resultText({ content }: ToolResultBlockParam): string {
  if (typeof content === "string") return content;
  return (content ?? []).flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
}

/**
 * Thoughts are bound to the words before them, so a provider refuses them once those words have changed. A message that
 * held nothing else keeps a word, for it may not be empty.
 */
export function dropThinking(messages: Messages): Said[] {
  return messages.map((message) => {
    const content = message.content.filter(({ type }) => type !== "thinking" && type !== "redacted_thinking");
    return { ...message, content: content.length > 0 ? content : [text("(thinking)")] };
  });
}

/** The newest messages that fit, beginning with the assistant, so that none of its calls is without a result. */
export function newestWithin(messages: Messages, maxTokens: number, tokensOf: (message: Said) => number): Said[] {
  let from = messages.length;
  let total = 0;
  for (let at = messages.length - 1; at > 0; at -= 1) {
    const message = messages[at] as Said;
    total += tokensOf(message);
    if (total > maxTokens) break;
    if (message.role === "assistant") from = at;
  }
  return messages.slice(from);
}

/**
 * The provider caches everything up to a breakpoint. One stands behind the instructions; these two move along: behind the
 * newest words, to be written, and behind those of the turn before, to be read even if many blocks came since.
 */
export function withBreakpoints(messages: Messages): MessageParam[] {
  const users = messages.flatMap(({ role }, index) => (role === "user" ? [index] : [])).slice(-2);
  return messages.map((message, index) => (users.includes(index) ? markLast(message) : { ...message }));
}

function markLast({ role, content }: Said): MessageParam {
  const last = content.at(-1);
  if (last?.type !== "text" && last?.type !== "tool_result") return { role, content };
  return { role, content: [...content.slice(0, -1), { ...last, cache_control: { type: "ephemeral" } }] };
}
