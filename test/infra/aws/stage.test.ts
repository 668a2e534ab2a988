import { describe, expect, it } from "vitest";
import type { StageKind } from "./rules/rule.ts";
import { storageRules } from "./rules/storage.ts";
import { synth } from "./synth/synth.ts";

const rules = [...storageRules];

const image = `123456789012.dkr.ecr.eu-west-1.amazonaws.com/drover-sandbox@sha256:${"a".repeat(64)}`;
const stages: [StageKind, string, Record<string, string>][] = [["production", "production", {}]];

describe.each(stages)("a stage of the kind %s", async (kind, stage, variables) => {
  const graph = await synth(stage, { DROVER_SANDBOX_IMAGE: image, ...variables });

  it.each(rules)("$rule", ({ check }) => check(graph, kind));

  it.each(rules)("it would be noticed if this did not hold: $rule", ({ check, breakIt }) => {
    const mutant = structuredClone(graph);
    breakIt(mutant);
    expect(() => check(mutant, kind)).toThrow();
  });
});
