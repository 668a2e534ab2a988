// May the agent make one more call to its model, and what has it spent so far?
import { costOf, dollars, type Priced, priceAt, type TokenCounts } from "./price.ts";

export interface BudgetLimits {
  /** Everything that was read or written, from the cache too. */
  tokens: number;
  microDollars: number;
  /** Calls to a model, those of a review and of a summary included. */
  turns: number;
  wallClockMs: number;
}

/** Those of a task; a model agent has all of them. */
export interface TaskLimits extends Partial<BudgetLimits> {
  wallClockMs: number;
  /** How often work is sent back to the agent before people must look. */
  rejections: number;
}

export const defaultBudget: BudgetLimits = {
  tokens: 20_000_000,
  microDollars: 5_000_000,
  turns: 250,
  wallClockMs: 60 * 60_000,
};

/** What one task has spent over all its attempts; stored and sent as it is. */
export interface Spend {
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  /** Of calls whose outcome nobody knows: as much as they could have been. */
  unconfirmedTokens: number;
  microDollars: number;
  turns: number;
  /** How long agents have worked on it. */
  wallClockMs: number;
  /** For the call under way. */
  reservedTokens: number;
  reservedMicroDollars: number;
}

export const nothingSpent: Spend = {
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  unconfirmedTokens: 0,
  microDollars: 0,
  turns: 0,
  wallClockMs: 0,
  reservedTokens: 0,
  reservedMicroDollars: 0,
};

export interface PlannedCall {
  model: Priced;
  /** What the cache is expected to give, and what it has not seen. */
  cachedTokens: number;
  newTokens: number;
  /** What the model may write at most, if the budget allows it. */
  maxOutputTokens: number;
}

export type Reservation =
  | { kind: "reserved"; spend: Spend; maxTokens: number }
  | { kind: "refused"; limit: keyof BudgetLimits; why: string };

/** With less room than this a model cannot finish a thought, and the call would be wasted. */
const leastOutputTokens = 1_024;

/**
 * Sets aside what the next call may cost, and lowers the length of its answer to what is left. What the cache gives
 * is only expected, so the limit may be passed by that one call, and by no other.
 */
export function reserveCall(spend: Spend, limits: BudgetLimits, call: PlannedCall): Reservation {
  if (spend.turns >= limits.turns) return refuse("turns", spend, limits);
  if (spend.wallClockMs >= limits.wallClockMs) return refuse("wallClockMs", spend, limits);
  const promptTokens = call.cachedTokens + call.newTokens;
  const price = priceAt(call.model, promptTokens);
  const counts: TokenCounts = { input: 0, output: 0, cacheRead: call.cachedTokens, cacheWrite: call.newTokens };
  const promptCost = costOf(call.model, counts);
  const tokensLeft = limits.tokens - tokensOf(spend) - promptTokens;
  const moneyLeft = limits.microDollars - moneyOf(spend) - promptCost;
  const affordable = price.output === 0 ? tokensLeft : Math.floor((moneyLeft * 1_000_000) / price.output);
  const enough = Math.min(leastOutputTokens, call.maxOutputTokens);
  if (tokensLeft < enough) return refuse("tokens", spend, limits);
  if (affordable < enough) return refuse("microDollars", spend, limits);
  const maxTokens = Math.min(call.maxOutputTokens, tokensLeft, affordable);
  return {
    kind: "reserved",
    maxTokens,
    spend: {
      ...spend,
      turns: spend.turns + 1,
      reservedTokens: spend.reservedTokens + promptTokens + maxTokens,
      reservedMicroDollars: spend.reservedMicroDollars + costOf(call.model, { ...counts, output: maxTokens }),
    },
  };
}

/** The call has answered: what it used takes the place of what was set aside. */
export function settleCall(spend: Spend, model: Priced, used: TokenCounts): Spend {
  return {
    ...spend,
    inputTokens: spend.inputTokens + used.input,
    outputTokens: spend.outputTokens + used.output,
    cacheReadTokens: spend.cacheReadTokens + used.cacheRead,
    cacheWriteTokens: spend.cacheWriteTokens + used.cacheWrite,
    microDollars: spend.microDollars + costOf(model, used),
    reservedTokens: 0,
    reservedMicroDollars: 0,
  };
}

/** The provider has refused the call, so it cost nothing. */
export function releaseCall(spend: Spend): Spend {
  return { ...spend, turns: spend.turns - 1, reservedTokens: 0, reservedMicroDollars: 0 };
}

/** Nobody knows what became of the call (a crash, a broken connection): what was set aside counts as spent. */
export function forfeitCall(spend: Spend): Spend {
  return {
    ...spend,
    unconfirmedTokens: spend.unconfirmedTokens + spend.reservedTokens,
    microDollars: spend.microDollars + spend.reservedMicroDollars,
    reservedTokens: 0,
    reservedMicroDollars: 0,
  };
}

export interface BudgetUse {
  limit: keyof BudgetLimits;
  used: number;
  of: number;
  state: "approaching" | "reached";
}

const approachingShare = 0.8;

/** The limits that people should know about; empty while all is well. */
export function listBudgetUse(spend: Spend, limits: BudgetLimits): BudgetUse[] {
  return (Object.keys(limits) as (keyof BudgetLimits)[]).flatMap((limit): BudgetUse[] => {
    const use = { limit, used: usedOf(spend, limit), of: limits[limit] };
    if (use.used >= use.of) return [{ ...use, state: "reached" }];
    return use.used >= use.of * approachingShare ? [{ ...use, state: "approaching" }] : [];
  });
}

function usedOf(spend: Spend, limit: keyof BudgetLimits): number {
  if (limit === "tokens") return tokensOf(spend);
  return limit === "microDollars" ? moneyOf(spend) : spend[limit];
}

/** What is reserved counts, for it may have been used already. */
export function tokensOf(spend: Spend): number {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, unconfirmedTokens, reservedTokens } = spend;
  return inputTokens + outputTokens + cacheReadTokens + cacheWriteTokens + unconfirmedTokens + reservedTokens;
}

function moneyOf(spend: Spend): number {
  return spend.microDollars + spend.reservedMicroDollars;
}

const phrases: Record<keyof BudgetLimits, (used: number, of: number) => string> = {
  tokens: (used, of) => `${used} of ${of} tokens are used, and the next call does not fit`,
  microDollars: (used, of) => `${dollars(used)} of ${dollars(of)} are spent, and the next call does not fit`,
  turns: (used, of) => `${used} of ${of} calls to the model are made`,
  wallClockMs: (used, of) => `it has worked ${Math.round(used / 1000)} s of ${Math.round(of / 1000)} s`,
};

/** As a request names it. */
const fieldOf = (limit: keyof BudgetLimits) => (limit === "microDollars" ? "dollars" : limit);

function refuse(limit: keyof BudgetLimits, spend: Spend, limits: BudgetLimits): Reservation {
  const state = phrases[limit](usedOf(spend, limit), limits[limit]);
  return {
    kind: "refused",
    limit,
    why: `The budget of the task is used up: ${state}. Raise limits.${fieldOf(limit)}, or retry.`,
  };
}
