// Which models are there, what do they hold and cost, and which one shall a task have?
import { costOf, type Price, type TokenCounts } from "./price.ts";

export const agentTypes = ["worker", "reviewer", "tester"] as const;
export type AgentType = (typeof agentTypes)[number];

export interface ModelProfile {
  id: string;
  provider: "anthropic";
  /** What Amazon Bedrock calls it: an inference profile, whose prefix says where it may run. */
  bedrockId: string;
  contextWindowTokens: number;
  maxOutputTokens: number;
  price: Price;
  /** Some models cost more, every token of the request, once the prompt is longer than this. */
  longPrompt?: { overTokens: number; price: Price } | undefined;
  /** It decides by itself how much to think, and can show a summary of that. */
  adaptiveThinking: boolean;
  /** 1 classifies and renames, 2 writes code, 3 works for hours, 4 is for what 3 cannot do. */
  capability: number;
}

/** Dollars per million tokens: input, output, cache read, cache write that lasts five minutes. */
function usd(input: number, output: number, cacheRead: number, cacheWrite: number): Price {
  const micro = (dollars: number) => Math.round(dollars * 1_000_000);
  return { input: micro(input), output: micro(output), cacheRead: micro(cacheRead), cacheWrite: micro(cacheWrite) };
}

function model(id: string, capability: number, modelPrice: Price, more: Partial<ModelProfile> = {}): ModelProfile {
  const sizes = { contextWindowTokens: 1_000_000, maxOutputTokens: 128_000 };
  const rest = { provider: "anthropic", bedrockId: `global.anthropic.${id}`, adaptiveThinking: true } as const;
  return { id, ...rest, ...sizes, price: modelPrice, capability, ...more };
}

/** List prices as published in November 2026. Check them against your own contract; `DROVER_MODELS` overrides them. */
export const knownModels: readonly ModelProfile[] = [
  model("claude-haiku-5-5", 1, usd(0.1, 0.5, 0.01, 0.125), {
    longPrompt: { overTokens: 100_000, price: usd(0.5, 2.5, 0.05, 0.625) },
  }),
  model("claude-sonnet-5-5", 2, usd(2, 10, 0.1, 2.5)),
  model("claude-opus-5-5", 3, usd(4, 20, 0.2, 5)),
  model("claude-fable-5-2", 4, usd(8, 40, 0.2, 10)),
  model("claude-sonnet-5", 2, usd(2, 10, 0.2, 2.5)),
  model("claude-opus-5", 3, usd(5, 25, 0.5, 6.25)),
  model("claude-fable-5-1", 4, usd(10, 50, 0.25, 12.5)),
  model("claude-haiku-4-5", 1, usd(1, 5, 0.1, 1.25), {
    bedrockId: "global.anthropic.claude-haiku-4-5-20251001-v1:0",
    contextWindowTokens: 200_000,
    maxOutputTokens: 64_000,
    adaptiveThinking: false,
  }),
];

export interface ModelWish {
  /** A model by its id; then nothing else counts. */
  named?: string | undefined;
  type: AgentType;
}
export type ModelChoice = { kind: "chosen"; model: ModelProfile } | { kind: "refused"; why: string };

/** A reviewer decides what is merged, so it is no weaker than what it judges. */
const neededCapability: Record<AgentType, number> = { worker: 2, reviewer: 3, tester: 2 };
/** What models are compared by: one turn in the middle of a conversation. */
const typicalTurn: TokenCounts = { input: 500, output: 1_000, cacheRead: 60_000, cacheWrite: 3_000 };

/** The cheapest that is able enough, when the task names none. */
export function chooseModel(wish: ModelWish, models: readonly ModelProfile[] = knownModels): ModelChoice {
  if (wish.named !== undefined) {
    const found = models.find(({ id }) => id === wish.named);
    if (found) return { kind: "chosen", model: found };
    return { kind: "refused", why: `There is no model "${wish.named}". Known are: ${listIds(models)}.` };
  }
  const needed = neededCapability[wish.type];
  const able = models.filter(({ capability }) => capability >= needed);
  const [cheapest] = able.toSorted((a, b) => costOf(a, typicalTurn) - costOf(b, typicalTurn));
  if (cheapest) return { kind: "chosen", model: cheapest };
  return { kind: "refused", why: `No model has capability ${needed}. Known are: ${listIds(models)}.` };
}

function listIds(models: readonly ModelProfile[]): string {
  return models.map(({ id }) => id).join(", ");
}

const bytesPerToken = 2.5;

/** Rather too many than too few: prose has about three bytes to a token, code and JSON less. */
export function estimateTokens(text: string): number {
  return estimateTokensOf(Buffer.byteLength(text));
}

export function estimateTokensOf(byteCount: number): number {
  return Math.ceil(byteCount / bytesPerToken);
}

export type HalfWindow =
  | { kind: "fits"; estimate: number; limit: number; window: number }
  | { kind: "too_large"; estimate: number; limit: number; window: number; why: string };

/** Work that fills more than half of the window leaves too little room to do it in. Exactly half fits. */
export function checkHalfWindow(estimate: number, { id, contextWindowTokens: window }: ModelProfile): HalfWindow {
  const limit = Math.floor(window / 2);
  if (estimate <= limit) return { kind: "fits", estimate, limit, window };
  const why =
    `The work is estimated at ${estimate} tokens, and ${id} takes at most ${limit}, half of its window of ${window}. ` +
    "Split it into smaller tasks, or name a model with a larger window.";
  return { kind: "too_large", estimate, limit, window, why };
}
