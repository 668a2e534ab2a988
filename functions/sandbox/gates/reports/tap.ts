// What does a TAP stream say? Its leaves are counted: a line that sums up the lines above it is no test.
import { emptyReport, type TestReport } from "./tests.ts";

const point = /^( *)(not )?ok\b(?: \d+)?(?: - )?([^#]*)(?:# *(skip|todo))?/i;

export function readTap(text: string): TestReport | undefined {
  const report = emptyReport();
  let points = 0;
  let bailed = false;
  /** Indentation of the last test point. */
  let depth = 0;
  for (const line of text.split("\n")) {
    if (/^ *Bail out!/.test(line)) bailed = true;
    const [, indent = "", failed, name = "", directive] = point.exec(line) ?? [];
    if (!point.test(line)) continue;
    points++;
    const isSummary = indent.length < depth;
    depth = indent.length;
    if (isSummary) continue;
    if (directive !== undefined) report.skipped++;
    else if (failed === undefined) report.passed++;
    else report.failures.push({ name: name.trim(), message: "" });
  }
  if (bailed) report.failures.push({ name: "Bail out!", message: "the run was given up" });
  report.failed = report.failures.length;
  return points > 0 || /^(TAP version \d+|1\.\.0)/m.test(text) ? report : undefined;
}
