import { describe, expect, it } from "vitest";
import { decideQuality, type VerdictReport } from "../../functions/core/quality.ts";

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
  paths: ["a.ts"],
  ...over,
});

describe("a coordinator's question", () => {
  const decide = (
    task: Partial<Parameters<typeof decideQuality>[0]>,
    files: string[],
    given: VerdictReport | undefined,
  ) => decideQuality({ status: "completed", ...task }, files, given);

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

  it.each(["verifying", "publishing"] as const)("is answered with yes while the task is %s", (status) => {
    expect(decide({ commit, status }, [], report())).toMatchObject({ approved: true });
  });

  it.each([
    "queued",
    "launching",
    "running",
    "failed",
    "killed",
  ] as const)("is answered with no when the task is %s, whatever the gates have said", (status) => {
    const answer = decide({ commit, status }, ["a.ts"], report());
    expect(answer).toMatchObject({ approved: false, gate: "status", message: expect.stringContaining(status) });
  });

  it("is answered with why the task was killed", () => {
    const killed = { by: "anna", reason: "wrong repository", from: "publishing", cause: "kill" } as const;
    expect(decide({ commit, status: "killed", killed }, [], report()).message).toContain("wrong repository");
  });
});
