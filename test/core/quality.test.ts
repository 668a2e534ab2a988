import { describe, expect, it } from "vitest";
import { decideQuality, pathsOfDiff, type VerdictReport } from "../../functions/core/quality.ts";

const commit = "c".repeat(40);
const verdict = (gate: string, outcome: "passed" | "failed" | "infrastructure") => ({
  gate,
  phase: "pre_commit" as const,
  outcome,
  expected: "all is well",
  actual: "it is not",
  details: "",
  durationMs: 1,
});
const report = (over: Partial<VerdictReport> = {}): VerdictReport => ({
  commit,
  round: 1,
  gates: ["test"],
  verdicts: [verdict("test", "passed")],
  ...over,
});

describe("a coordinator's question", () => {
  const decide = (
    task: Parameters<typeof decideQuality>[0],
    files: string[],
    given: VerdictReport | undefined,
    changed: string[] | undefined = ["a.ts"],
  ) => decideQuality(task, files, given, changed);

  it("is answered with yes when every gate has passed for this very commit and these files", () => {
    expect(decide({ commit }, ["a.ts"], report())).toMatchObject({ approved: true });
  });

  it.each([
    ["nothing was judged", { commit }, [], undefined, "verdicts"],
    ["another commit was judged", { commit: "d".repeat(40) }, [], report(), "verdicts"],
    ["there are no gates", { commit }, [], report({ gates: [], verdicts: [] }), "verdicts"],
    ["a gate failed", { commit }, [], report({ verdicts: [verdict("test", "failed")] }), "test"],
    ["a gate could not run", { commit }, [], report({ verdicts: [verdict("test", "infrastructure")] }), "test"],
    ["a gate is silent", { commit }, [], report({ gates: ["test", "lint"] }), "lint"],
    ["a file is not part of the work", { commit }, ["b.ts"], report(), "diff"],
    ["its gates were skipped", { commit, yolo: true as const }, [], report(), "yolo"],
  ])("is answered with no when %s", (_name, task, files, given, gate) => {
    expect(decide(task, files, given)).toMatchObject({ approved: false, gate });
  });

  it("is answered with no when the diff cannot be read", () => {
    expect(decideQuality({ commit }, [], report(), undefined)).toMatchObject({ approved: false, gate: "diff" });
  });
});

it("the paths of a diff are those before and after", () => {
  expect(pathsOfDiff("diff --git a/x b/x\n+1\ndiff --git a/old b/new\n")).toEqual(["x", "old", "new"]);
});
