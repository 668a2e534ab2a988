import { describe, expect, expectTypeOf, it } from "vitest";
import { readModels } from "../../functions/core/model-settings.ts";
import {
  checkHalfWindow,
  chooseModel,
  estimateTokens,
  knownModels,
  type ModelProfile,
} from "../../functions/core/models.ts";
import { costOf } from "../../functions/core/price.ts";

const byId = (id: string): ModelProfile => {
  const found = knownModels.find((model) => model.id === id);
  if (!found) throw new Error(`no ${id}`);
  return found;
};

describe("choosing a model", () => {
  it.each([
    ["worker", "claude-sonnet-5-5"],
    ["tester", "claude-sonnet-5-5"],
    ["reviewer", "claude-opus-5-5"],
  ] as const)("a %s gets the cheapest able one, %s", (type, id) => {
    expect(chooseModel({ type })).toMatchObject({ kind: "chosen", model: { id } });
  });

  it("a named model is taken whatever it costs or can do", () => {
    expect(chooseModel({ type: "reviewer", named: "claude-haiku-5-5" })).toMatchObject({
      kind: "chosen",
      model: { id: "claude-haiku-5-5" },
    });
  });

  it("an unknown model is refused with the list of the known ones", () => {
    const choice = chooseModel({ type: "worker", named: "claude-opus-9" });
    expect(choice).toMatchObject({ kind: "refused", why: expect.stringContaining('"claude-opus-9"') });
    for (const { id } of knownModels) expect(choice).toMatchObject({ why: expect.stringContaining(id) });
  });

  it("a capability that nobody has is refused", () => {
    expect(chooseModel({ type: "reviewer" }, [byId("claude-haiku-5-5")])).toMatchObject({ kind: "refused" });
  });

  it("ids stand for one model each", () => {
    expect(new Set(knownModels.map(({ id }) => id)).size).toBe(knownModels.length);
    expectTypeOf(knownModels[0]).toEqualTypeOf<ModelProfile | undefined>();
  });
});

describe("the setting that overrides the table", () => {
  it("changes only what it names", () => {
    const price = { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 };
    const models = readModels(JSON.stringify({ "claude-opus-5-5": { price } }));
    expect(models.find(({ id }) => id === "claude-opus-5-5")).toEqual({ ...byId("claude-opus-5-5"), price });
    expect(models).toHaveLength(knownModels.length);
  });

  it("adds a model that is whole, and refuses one that is not, by name", () => {
    const { id: _, bedrockId: __, ...whole } = byId("claude-haiku-4-5");
    expect(readModels(JSON.stringify({ mine: whole })).at(-1)).toEqual({
      id: "mine",
      bedrockId: "global.anthropic.mine",
      ...whole,
    });
    expect(() => readModels('{"mine":{"capability":2}}')).toThrow(/mine is not whole[\s\S]*contextWindowTokens/);
    expect(() => readModels('{"mine":{"capabilities":2}}')).toThrow(/capabilities/);
  });
});

describe("the estimate and the half of the window", () => {
  it.each([
    ["", 0],
    ["a", 1],
    ["const answer = 42;\n".repeat(100), 760],
    ["日本語", 4],
  ])("%j is estimated", (text, tokens) => expect(estimateTokens(text)).toBe(tokens));

  const model = { ...byId("claude-opus-5-5"), contextWindowTokens: 1001 };
  it.each([
    [0, "fits"],
    [499, "fits"],
    [500, "fits"],
    [501, "too_large"],
  ])("of a window of 1001, %i tokens are %s", (estimate, kind) => {
    expect(checkHalfWindow(estimate, model)).toMatchObject({ kind, estimate, limit: 500, window: 1001 });
  });

  it("a refusal says the estimate, the limit and the window", () => {
    expect(checkHalfWindow(501, model)).toMatchObject({ why: expect.stringMatching(/501 .*500.* 1001/) });
  });
});

describe("the cost of a call", () => {
  const counts = { input: 1_000, output: 2_000, cacheRead: 50_000, cacheWrite: 4_000 };
  it("is the sum of the four classes, rounded up", () => {
    expect(costOf(byId("claude-opus-5-5"), counts)).toBe(4_000 + 40_000 + 10_000 + 20_000);
    expect(costOf(byId("claude-haiku-5-5"), { input: 1, output: 0, cacheRead: 0, cacheWrite: 0 })).toBe(1);
  });

  it("is higher for every token once the prompt is longer than the model's first tier", () => {
    const haiku = byId("claude-haiku-5-5");
    const at = (cacheRead: number) => costOf(haiku, { input: 0, output: 1_000_000, cacheRead, cacheWrite: 0 });
    expect(at(100_000)).toBe(501_000);
    expect(at(100_001)).toBe(2_505_001);
  });
});
