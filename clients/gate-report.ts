// What do the gates say in the artifact `verdicts`? Read with care: what cannot be read counts as not judged.

export interface Verdict {
  gate: string;
  outcome: "passed" | "failed" | "timed_out" | "missing" | "infrastructure" | "skipped";
  expected: string;
  actual: string;
  details: string;
  durationMs: number;
  counts?: { tests: number; passed: number; failed: number; skipped: number };
  coverage?: { lines: number; threshold: number };
  findings?: { level: string; path: string; what: string }[];
}

export interface GateReport {
  commit: string;
  round: number;
  gates: string[];
  verdicts: Verdict[];
}

export function parseReport(text: string | null): GateReport | null {
  if (text === null) return null;
  const report = JSON.parse(text) as Partial<GateReport>;
  if (typeof report.commit !== "string" || !Array.isArray(report.verdicts)) {
    throw new Error("The verdicts are not in the form that this page knows. Reload it: drover may be newer.");
  }
  return { round: 1, gates: [], ...report } as GateReport;
}
