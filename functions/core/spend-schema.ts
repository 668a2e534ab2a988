// In which form is what a task has spent sent?
import * as z from "zod";
import type { Spend } from "./budget.ts";

const count = z.int().nonnegative().default(0);

export const spendSchema = z.strictObject({
  inputTokens: count,
  outputTokens: count,
  cacheReadTokens: count,
  cacheWriteTokens: count,
  unconfirmedTokens: count,
  microDollars: count,
  turns: count,
  wallClockMs: count,
  reservedTokens: count,
  reservedMicroDollars: count,
}) satisfies z.ZodType<Spend>;
