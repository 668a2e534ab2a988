// In which form is a model described, and what does a stage set otherwise than it is known?
import * as z from "zod";
import { knownModels, type ModelProfile } from "./models.ts";

const tokens = z.int().positive();
const microDollarsPerMillion = z.int().nonnegative();
const price = z.strictObject({
  input: microDollarsPerMillion,
  output: microDollarsPerMillion,
  cacheRead: microDollarsPerMillion,
  cacheWrite: microDollarsPerMillion,
});

const profile = z.strictObject({
  provider: z.literal("anthropic"),
  bedrockId: z.string().min(1),
  contextWindowTokens: tokens,
  maxOutputTokens: tokens,
  price,
  longPrompt: z.strictObject({ overTokens: tokens, price }).optional(),
  adaptiveThinking: z.boolean().default(true),
  capability: z.int().min(1).max(10),
});

export const modelProfile = profile.extend({ id: z.string() }) satisfies z.ZodType<ModelProfile>;

const overrides = z.record(z.string().min(1).max(200), profile.partial());

/** `DROVER_MODELS`: JSON, from a model's id to the fields that shall be otherwise; a new id needs all that are required. */
export function readModels(setting: string, known = knownModels): readonly ModelProfile[] {
  const wanted = overrides.parse(JSON.parse(setting));
  const byId = new Map(known.map((entry) => [entry.id, entry]));
  for (const [id, fields] of Object.entries(wanted)) {
    const { id: _, ...base } = byId.get(id) ?? { id, provider: "anthropic", bedrockId: `global.anthropic.${id}` };
    const merged = profile.safeParse({ ...base, ...fields });
    if (!merged.success) throw new Error(`DROVER_MODELS: ${id} is not whole: ${z.prettifyError(merged.error)}`);
    byId.set(id, { id, ...merged.data });
  }
  return [...byId.values()];
}
