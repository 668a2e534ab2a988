// What do the JSON reports of vitest, jest and mocha say?
import { z } from "zod";
import { emptyReport, type TestReport } from "./tests.ts";

const text = z.string().catch("");

/** vitest writes what jest does. */
const jest = z.object({
  testResults: z.array(
    z.object({
      name: text,
      status: text,
      message: text,
      assertionResults: z.array(
        z.object({ fullName: text, status: z.string(), failureMessages: z.array(text).catch([]) }),
      ),
    }),
  ),
});

const mochaTest = z.object({ fullTitle: text, err: z.object({ message: text }).catch({ message: "" }) });
const mocha = z.object({
  stats: z.object({ tests: z.int() }),
  passes: z.array(z.unknown()),
  pending: z.array(z.unknown()),
  failures: z.array(mochaTest),
});

export function readTestJson(text: string): TestReport | undefined {
  const value = parse(text);
  const byJest = jest.safeParse(value).data;
  if (byJest) return readJest(byJest);
  const byMocha = mocha.safeParse(value).data;
  if (!byMocha) return undefined;
  const failures = byMocha.failures.map(({ fullTitle, err }) => ({ name: fullTitle, message: err.message }));
  const counts = { passed: byMocha.passes.length, failed: failures.length, skipped: byMocha.pending.length };
  return { ...emptyReport(), ...counts, failures };
}

function readJest({ testResults }: z.output<typeof jest>): TestReport {
  const report = emptyReport();
  for (const file of testResults) {
    for (const { fullName, status, failureMessages } of file.assertionResults) {
      if (status === "passed") report.passed++;
      else if (status !== "failed") report.skipped++;
      else report.failures.push({ name: fullName, message: failureMessages.join("\n") });
    }
    // A file that could not be loaded has no tests to speak for it.
    const isBroken = file.status === "failed" && !file.assertionResults.some(({ status }) => status === "failed");
    if (isBroken) report.failures.push({ name: file.name, message: file.message });
  }
  report.failed = report.failures.length;
  return report;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Half a report is none.
    return undefined;
  }
}
