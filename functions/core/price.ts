// What does one call to a model cost?

/** Micro-dollars per million tokens. */
export interface Price {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
}

/** The tokens of one call, in the four classes that have a price; none is counted in two. */
export interface TokenCounts {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
}

export interface Priced {
  price: Price;
  longPrompt?: { overTokens: number; price: Price } | undefined;
}

/** In micro-dollars, rounded up. */
export function costOf(model: Priced, counts: TokenCounts): number {
  const { input, output, cacheRead, cacheWrite } = priceAt(model, counts.input + counts.cacheRead + counts.cacheWrite);
  const perMillion =
    counts.input * input + counts.output * output + counts.cacheRead * cacheRead + counts.cacheWrite * cacheWrite;
  return Math.ceil(perMillion / 1_000_000);
}

/** The prices of a call whose whole prompt has that many tokens. */
export function priceAt({ price, longPrompt }: Priced, promptTokens: number): Price {
  return longPrompt && promptTokens > longPrompt.overTokens ? longPrompt.price : price;
}

export function dollars(microDollars: number): string {
  return `$${(microDollars / 1_000_000).toFixed(microDollars < 1_000_000 ? 4 : 2)}`;
}
