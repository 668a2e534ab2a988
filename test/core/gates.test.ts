// Which gates come of a selection, and what follows from their verdicts?
import { describe, expect, it } from "vitest";
import { phaseOf, resolveGates } from "../../functions/core/gates.ts";
import type { AgentType } from "../../functions/core/models.ts";
import { boundText, boundVerdict, decideVerdicts, type Verdict, verdict } from "../../functions/core/verdicts.ts";

const strict = ["typecheck", "lint", "test", "coverage", "build", "integration", "ai_review"];
const standard = ["typecheck", "lint", "test", "coverage"];

describe("without a selection the type of the agent decides", () => {
  it.each<[AgentType | "command", string, string[]]>([
    ["reviewer", "strict", strict],
    ["worker", "standard", standard],
    ["tester", "minimal", ["test"]],
    ["command", "none", []],
  ])("%s → %s", (agentType, profile, gates) => {
    const chosen = { kind: "resolved", profile, gates, chosenBy: "agent_type" };
    expect(resolveGates(undefined, agentType)).toEqual(chosen);
    expect(resolveGates({}, agentType)).toEqual(chosen);
  });
});

describe("a selection", () => {
  it.each([
    [{ profile: "strict" }, "strict", strict],
    [{ profile: "standard" }, "standard", standard],
    [{ profile: "minimal" }, "minimal", ["test"]],
    [{ profile: "none" }, "none", []],
    [{ profile: "custom", gates: ["test", "license-check"] }, "custom", ["test", "license-check"]],
    [{ gates: ["lint"] }, "custom", ["lint"]],
  ])("%j is taken as it is, whoever the agent is", (selection, profile, gates) => {
    for (const agentType of ["worker", "command"] as const) {
      expect(resolveGates(selection, agentType)).toEqual({ kind: "resolved", profile, gates, chosenBy: "request" });
    }
  });

  it.each([
    ["an unknown profile", { profile: "lax" }, "strict, standard, minimal, none or custom"],
    ["a profile by the name of an object's member", { profile: "constructor" }, "no gate profile"],
    ["custom without a list", { profile: "custom" }, "needs a list"],
    ["an empty list", { gates: [] }, "needs a list"],
    ["a profile together with a list", { profile: "strict", gates: ["test"] }, "cannot be given with a list"],
    ["a name that cannot be a gate", { gates: ["Test Suite"] }, '"Test Suite" cannot be a gate'],
    ["a name that is too long", { gates: ["a".repeat(33)] }, "cannot be a gate"],
    ["one of drover's own verdicts", { gates: ["tampering"] }, "cannot be a gate"],
    ["a gate twice", { gates: ["test", "lint", "test"] }, '"test" is named twice'],
    ["too many gates", { gates: Array.from({ length: 17 }, (_, at) => `gate${at}`) }, "at most 16"],
  ])("is refused with %s", (_name, selection, words) => {
    expect(resolveGates(selection, "worker")).toEqual({ kind: "refused", why: expect.stringContaining(words) });
  });
});

it.each([
  ["typecheck", "pre_commit"],
  ["lint", "pre_commit"],
  ["test", "pre_commit"],
  ["tampering", "pre_commit"],
  ["coverage", "pre_push"],
  ["build", "pre_push"],
  ["integration", "pre_push"],
  ["ai_review", "pre_push"],
  ["license-check", "pre_push"],
])("the gate %s belongs to the phase %s", (gate, phase) => expect(phaseOf(gate)).toBe(phase));

const give = (gate: string, outcome: Verdict["outcome"], more: Partial<Verdict> = {}): Verdict => ({
  gate,
  phase: phaseOf(gate),
  outcome,
  expected: "no errors",
  actual: "2 errors",
  details: "src/a.ts(1,1): error",
  durationMs: 5,
  ...more,
});

describe("verdicts", () => {
  it("are accepted when every expected gate has passed or was skipped", () => {
    const verdicts = [give("test", "passed"), give("lint", "skipped")];
    expect(decideVerdicts(["test", "lint"], verdicts)).toEqual({ kind: "accepted" });
    expect(decideVerdicts([], [])).toEqual({ kind: "accepted" });
  });

  it.each(["failed", "timed_out", "missing"] as const)("with one that is %s are a rejection", (outcome) => {
    const decision = decideVerdicts(["test", "lint"], [give("test", "passed"), give("lint", outcome)]);
    expect(decision).toMatchObject({ kind: "rejected", failed: [{ gate: "lint" }] });
  });

  it("tell the agent what failed, in which phase, what was expected and what was found", () => {
    const blocked = { level: "blocked", path: "test/a.test.ts", what: "a test is skipped" } as const;
    const flagged = { level: "flagged", path: "ci.yml", what: "was changed" } as const;
    const verdicts = [
      give("test", "passed"),
      give("tampering", "failed", { findings: [blocked, flagged], details: "" }),
      give("coverage", "missing", { expected: "85 % of lines", actual: "no report" }),
      give("build", "infrastructure"),
    ];
    const decision = decideVerdicts(["test", "tampering", "coverage", "build"], verdicts);
    expect(decision.kind === "rejected" && decision.feedback).toBe(
      [
        "The work was not accepted: 2 of 4 gates did not pass.",
        "Passed: test.",
        "Not judged, through no fault of yours: build.",
        "",
        "## tampering failed (before the commit)",
        "Expected: no errors",
        "Found: 2 errors",
        "- test/a.test.ts: a test is skipped",
        "",
        "## coverage has judged nothing (before the push)",
        "Expected: 85 % of lines",
        "Found: no report",
        "src/a.ts(1,1): error",
      ].join("\n"),
    );
  });

  it("are infrastructure when that is all that went wrong, which does not blame the agent", () => {
    const verdicts = [give("test", "passed"), give("lint", "infrastructure", { actual: "the runner was lost" })];
    const decision = decideVerdicts(["test", "lint"], verdicts);
    expect(decision).toEqual({ kind: "infrastructure", gates: ["lint"], why: "lint: the runner was lost" });
  });

  it("do not accept what an expected gate has not spoken on", () => {
    const decision = decideVerdicts(["test", "ai_review"], [give("test", "passed")]);
    expect(decision).toMatchObject({ kind: "infrastructure", gates: ["ai_review"] });
    const rejected = decideVerdicts(["test", "ai_review"], [give("test", "failed")]);
    expect(rejected.kind === "rejected" && rejected.feedback).toContain("no fault of yours: ai_review");
  });

  it("make a text of bounded length, however many gates failed and however much they said", () => {
    const gates = Array.from({ length: 16 }, (_, at) => `gate${at}`);
    const verdicts = gates.map((gate) => give(gate, "failed", { details: "x".repeat(6_000) }));
    const decision = decideVerdicts(gates, verdicts);
    const length = decision.kind === "rejected" ? decision.feedback.length : 0;
    expect(length).toBeGreaterThan(10_000);
    expect(length).toBeLessThan(26_000);
    for (const gate of gates) expect(decision.kind === "rejected" && decision.feedback).toContain(`## ${gate} failed`);
  });

  it("fit their shape once they are bounded, whatever was printed", () => {
    const wild = `${"\u001b[31mred\u001b[0m\u0007 \ud800"}${"y".repeat(50_000)}END`;
    const findings = Array.from({ length: 500 }, () => ({ level: "flagged" as const, path: wild, what: wild }));
    const loose = give("test", "failed", { expected: wild, actual: wild, details: wild, durationMs: 1.5, findings });
    const bound = boundVerdict(loose);
    expect(verdict.parse(bound)).toEqual(bound);
    expect(bound.details).toMatch(/^red\ufffd \ufffd/);
    expect(bound.details.endsWith("END")).toBe(true);
  });

  it.each([1, 10, 100])("a text cut to %i characters is never longer", (length) => {
    expect(boundText("a😀".repeat(200), Math.max(length, 10)).length).toBeLessThanOrEqual(Math.max(length, 10));
  });
});
