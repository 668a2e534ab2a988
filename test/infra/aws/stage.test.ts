import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { synth } from "../../../scripts/synth/synth.ts";
import { drawRights, rightsIn } from "./rights-table.ts";
import { openCostRules, walledCostRules } from "./rules/cost.ts";
import { frontRules } from "./rules/front.ts";
import { functionRules, limits } from "./rules/functions.ts";
import { rightsPage, rightsRules } from "./rules/rights.ts";
import type { Rule, StageKind } from "./rules/rule.ts";
import { sandboxRules } from "./rules/sandbox.ts";
import { storageRules } from "./rules/storage.ts";
import { wallRules } from "./rules/wall.ts";
import { watchingRules } from "./rules/watching.ts";
import { drawStage } from "./stage-diagram.ts";

const image = `123456789012.dkr.ecr.eu-west-1.amazonaws.com/drover-sandbox@sha256:${"a".repeat(64)}`;
const everywhere: Rule[] = [...storageRules, ...functionRules, ...rightsRules, ...sandboxRules, ...frontRules];

/** Between them they have everything that a stage may be asked for. */
const production = {
  DROVER_SANDBOX_IMAGE: image,
  DROVER_ALARMS_TO: "ops@example.com",
  DROVER_BUDGET_DOLLARS: "100",
  DROVER_REGIONS: "frankfurt=eu-central-1",
  DROVER_CONCURRENCY: "reserved",
  ...limits,
};
const preview = {
  DROVER_SANDBOX_IMAGE: image,
  DROVER_NETWORK: "walled",
  AWS_REGION: "eu-west-1",
  DROVER_ALARMS_TO: "ops@example.com",
  DROVER_INTAKE_WORKSPACE: "default",
  DROVER_OUTCOMES: "true",
};
const [ofProduction, ofPreview] = await Promise.all([synth("production", production), synth("preview", preview)]);

const architecturePage = join(import.meta.dirname, "../../../docs/architecture.md");
const stageBlock = /(<!-- drawn: stage -->\n```mermaid\n)([\s\S]*?)(\n```\n<!-- end -->)/;

if (process.env.DROVER_STAGE_PAGES === "write") {
  const architecture = readFileSync(architecturePage, "utf8");
  const diagram = drawStage(ofPreview);
  writeFileSync(
    architecturePage,
    architecture.replace(stageBlock, (_, open, __, end) => `${open}${diagram}${end}`),
  );
  const page = readFileSync(rightsPage, "utf8");
  const table = drawRights(rightsIn(ofPreview));
  writeFileSync(
    rightsPage,
    page.replace(/(<!-- drawn -->\n)[\s\S]*?(<!-- end -->)/, (_, open, end) => `${open}${table}\n${end}`),
  );
}

it("the diagram of a stage in docs/architecture.md shows what would be deployed", () => {
  expect(stageBlock.exec(readFileSync(architecturePage, "utf8"))?.[2]).toBe(drawStage(ofPreview));
});

describe.each<{ stage: StageKind; graph: typeof ofProduction; rules: Rule[] }>([
  { stage: "production", graph: ofProduction, rules: [...everywhere, ...watchingRules, ...openCostRules] },
  { stage: "preview", graph: ofPreview, rules: [...everywhere, ...wallRules, ...walledCostRules] },
])("a stage of the kind $stage", ({ stage, graph, rules }) => {
  it.each(rules)("$rule", ({ check }) => check(graph, stage));

  it.each(rules)("it would be noticed if this did not hold: $rule", async ({ check, breakIt }) => {
    const mutant = structuredClone(graph);
    breakIt(mutant);
    await expect(async () => check(mutant, stage)).rejects.toThrow();
  });
});
