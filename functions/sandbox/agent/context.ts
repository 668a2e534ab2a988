// How much of the model's window does the conversation fill? What the provider has counted, and an estimate of the rest.
import { type ContextDecision, decideContext, freedShare } from "../../core/context-window.ts";
import type { Asking } from "./call-model.ts";
import { type Messages, measure } from "./messages.ts";
import type { Reply } from "./read-reply.ts";

export interface Context {
  tokens(messages: Messages): number;
  /** What the estimates of this conversation must be multiplied with, by what the provider has counted so far. */
  scale(): number;
  decide(messages: Messages): ContextDecision;
  /** What the next call will read, and what of it the provider should have in its cache. */
  plan(messages: Messages): { cachedTokens: number; newTokens: number };
  /** `messages` ends with this reply. */
  accept(messages: Messages, reply: Reply): void;
  /** The conversation was made smaller, so nothing is known of its size until the next reply. */
  shrunk(how: string, why: string, beforeTokens: number): void;
}

/** The provider forgets what nobody has read for this long. */
const cacheMs = 5 * 60_000;
/** What the provider adds to a short prompt must not be taken for the size of words. */
const minScale = 0.25;
const maxScale = 2;
const nothingKnown = { messages: 0, promptTokens: 0, tokens: 0, at: 0 };

/** `fixedSize` measures the instructions and the definitions of the tools. */
export function openContext(asking: Asking, fixedSize: number, log: { note(text: string): void }): Context {
  const { model, transcript, time } = asking;
  const now = time?.now ?? Date.now;
  let known = nothingKnown;
  let scale = 1;
  let lastShrink: { how: string; why: string; beforeTokens: number } | undefined;
  let lastCompaction: { beforeTokens: number; afterTokens: number } | undefined;

  function tokens(messages: Messages): number {
    const unknown = measure(messages.slice(known.messages)) + (known.messages === 0 ? fixedSize : 0);
    return known.tokens + Math.ceil(unknown * scale);
  }

  function tellShrink(promptTokens: number): void {
    if (!lastShrink) return;
    lastCompaction = { beforeTokens: lastShrink.beforeTokens, afterTokens: promptTokens };
    const freedPercent = Math.round(freedShare(lastCompaction) * 100);
    const type = lastShrink.how === "begun anew" ? "rotated" : "compacted";
    transcript.write({ type, ...lastShrink, afterTokens: promptTokens, freedPercent });
    log.note(
      `the conversation went from ${lastShrink.beforeTokens} to ${promptTokens} tokens, ${freedPercent} % freed`,
    );
    lastShrink = undefined;
  }

  return {
    tokens,
    scale: () => scale,
    decide: (messages) =>
      decideContext({ usedTokens: tokens(messages), windowTokens: model.contextWindowTokens, lastCompaction }),
    plan(messages) {
      const cachedTokens = now() - known.at < cacheMs ? known.promptTokens : 0;
      return { cachedTokens, newTokens: tokens(messages) - cachedTokens };
    },
    accept(messages, { used }) {
      const promptTokens = used.input + used.cacheRead + used.cacheWrite;
      known = { messages: messages.length, promptTokens, tokens: promptTokens + used.output, at: now() };
      const ratio = promptTokens / (measure(messages.slice(0, -1)) + fixedSize);
      scale = Math.min(maxScale, Math.max(minScale, ratio));
      tellShrink(promptTokens);
    },
    shrunk(how, why, beforeTokens) {
      known = nothingKnown;
      lastShrink = { how, why, beforeTokens };
    },
  };
}
