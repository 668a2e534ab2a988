import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { localVariables, operatorVariables } from "../../functions/environment.ts";
import { readSettings } from "../../stacks/settings.ts";

const root = resolve(import.meta.dirname, "../..");
const named = (text: string, form: RegExp) => [...text.matchAll(form)].map(([, name = ""]) => name).sort();

const image = { DROVER_SANDBOX_IMAGE: `registry.example.com/drover-sandbox@sha256:${"a".repeat(64)}` };

const inEcr = {
  DROVER_SANDBOX_IMAGE: `123456789012.dkr.ecr.eu-west-1.amazonaws.com/drover-sandbox@sha256:${"a".repeat(64)}`,
};

describe("the settings of a stage", () => {
  it("need nothing but the sandbox's image", () => {
    expect(readSettings("production", image)).toMatchObject({
      keep: true,
      network: "open",
      ofFunctions: { DROVER_SLOTS: "20" },
      reserved: undefined,
      agentHosts: ["registry.npmjs.org"],
      alarmsTo: undefined,
      backends: [],
    });
  });

  it("keep nothing of a stage that is not production, and make it small", () => {
    expect(readSettings("pr-7", image)).toMatchObject({
      ...{ keep: false, ofFunctions: { DROVER_SLOTS: "5" }, sandbox: { memoryMb: 4096 } },
    });
  });

  it("take an empty line for one that is not there", () => {
    expect(readSettings("pr-7", { ...image, DROVER_ALARMS_TO: "", DROVER_SLOTS: "" })).toMatchObject({
      alarmsTo: undefined,
      ofFunctions: { DROVER_SLOTS: "5" },
    });
  });

  it("hand on to the functions what is set of theirs, and nothing else", () => {
    const limits = { DROVER_SLOTS: "7", DROVER_SLOTS_PER_REPOSITORY: "1", DROVER_REQUESTS_PER_MINUTE: "500" };
    expect(readSettings("production", { ...image, ...limits, DROVER_TABLE: "another" }).ofFunctions).toEqual(limits);
  });

  it("say of a limit that is wrong what the functions would say, before anything is deployed", () => {
    const wrong = { DROVER_QUEUE_LIMIT: "many", DROVER_INTAKE_MAX_RECEIVES: "1000", DROVER_NETWORK: "closed" };
    expect(() => readSettings("pr-7", { ...image, ...wrong })).toThrow(
      /DROVER_NETWORK[\s\S]*DROVER_QUEUE_LIMIT is not a number above zero[\s\S]*DROVER_INTAKE_MAX_RECEIVES is above 900/,
    );
  });

  it.each([
    ["no JSON", "{", /DROVER_MODELS: .*JSON/],
    ["a model without its prices", '{"new-model": {}}', /DROVER_MODELS: new-model is not whole/],
    ["more than a function's environment holds", `{"${"x".repeat(2_000)}": {}}`, /DROVER_MODELS has 2008 characters/],
  ])("refuse models that no function could start with: %s", (_, models, why) => {
    expect(() => readSettings("pr-7", { ...image, DROVER_MODELS: models })).toThrow(why);
  });

  it("leave no variable of the functions aside: a stage places it, its owner may set it, or it is for one machine", () => {
    const read = (path: string) => readFileSync(join(root, path), "utf8");
    const known = new Set([...Object.keys(operatorVariables), ...Object.keys(localVariables)]);
    for (const name of read("stacks/aws.ts").match(/DROVER_[A-Z_]+/g) ?? []) known.add(name);
    expect(
      named(read("functions/environment.ts"), /^\s+(DROVER_[A-Z_]+): /gm).filter((name) => !known.has(name)),
    ).toEqual([]);
  });

  it("leave a new account its quota of ten, unless its owner has asked for a larger one and says so", () => {
    expect(readSettings("production", image).reserved).toBeUndefined();
    const reserved = { ...image, DROVER_CONCURRENCY: "reserved" };
    expect(readSettings("production", reserved).reserved).toEqual({ kill: 5, stream: 50 });
    expect(readSettings("pr-7", reserved).reserved).toEqual({ kill: 2, stream: 20 });
  });

  it("take an image of the stage's own region into a walled network", () => {
    const walled = { ...inEcr, DROVER_NETWORK: "walled" };
    expect(readSettings("pr-7", walled).network).toBe("walled");
    expect(readSettings("pr-7", { ...walled, AWS_REGION: "eu-west-1" }).network).toBe("walled");
  });

  it.each([
    [{}, /is missing: build and push/],
    [{ DROVER_SANDBOX_IMAGE: "drover-sandbox:1" }, /names no digest/],
    [{ ...image, DROVER_REGIONS: "frankfurt" }, /"frankfurt" is not name=region/],
    [{ ...image, DROVER_REGIONS: "default=eu-central-1" }, /"default=eu-central-1" is not name=region/],
    [{ ...image, DROVER_REGIONS: "eu=eu-central-1", DROVER_NETWORK: "walled" }, /cannot be had with a walled network/],
    [{ ...image, DROVER_NETWORK: "walled" }, /cannot be pulled from within a walled network; push it to ECR/],
    [{ ...inEcr, DROVER_NETWORK: "walled", AWS_REGION: "us-east-1" }, /in the stage's own region/],
    [{ ...image, DROVER_BUDGET_DOLLARS: "50" }, /needs DROVER_ALARMS_TO/],
    [{ ...image, DROVER_NETWORK: "closed" }, /DROVER_NETWORK/],
    [{ ...image, DROVER_INTAKE_WORKSPACE: "Not A Name" }, /DROVER_INTAKE_WORKSPACE/],
  ])("%j is refused, with what is wrong and the file to mend", (variables, message) => {
    expect(() => readSettings("pr-7", variables)).toThrow(message);
    expect(() => readSettings("pr-7", variables)).toThrow(/\.env or \.env\.pr-7/);
  });
});

describe("docs/stage.md", () => {
  it("tells of every setting, and of none that there is not", () => {
    const ofStage = named(readFileSync(join(root, "stacks/settings.ts"), "utf8"), /^\s+(DROVER_[A-Z_]+): /gm);
    const inCode = [...ofStage, ...Object.keys(operatorVariables)].sort();
    expect(named(readFileSync(join(root, "docs/stage.md"), "utf8"), /^\| `(DROVER_[A-Z_]+)` \|/gm)).toEqual(inCode);
  });
});
