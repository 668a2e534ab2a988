import { expect, it } from "vitest";
import { writeEvidence } from "../../../functions/sandbox/gates/evidence.ts";

const judged = (gate: string, output: Buffer) => ({
  verdict: {
    gate,
    phase: "pre_push",
    outcome: "failed",
    expected: "",
    actual: "",
    details: "",
    durationMs: 1,
  } as const,
  output,
});

it("what gates printed stands below their names; one that printed nothing is not there", () => {
  const text = writeEvidence([judged("lint", Buffer.from("a.ts: bad")), judged("tampering", Buffer.alloc(0))]);
  expect(text.toString()).toBe("[drover] gate lint: failed\na.ts: bad\n");
  expect(writeEvidence([])).toHaveLength(0);
});

it("is at most 4 MB, of which each gate has the same share, its beginning and its end", () => {
  const loud = Buffer.from(`first${"x".repeat(1024 * 1024)}last`);
  const gates = Array.from({ length: 8 }, (_, number) => judged(`gate${number}`, loud));
  const text = writeEvidence([...gates, judged("quiet", Buffer.from("hush"))]).toString();
  expect(text.length).toBeLessThanOrEqual(4 * 1024 * 1024);
  expect(text.match(/failed\nfirstx+\n\[drover\] what lies between is not kept\nx+last\n/g)).toHaveLength(8);
  expect(text).toContain("gate quiet: failed\nhush\n");
});
