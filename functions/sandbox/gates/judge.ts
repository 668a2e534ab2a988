// What is the verdict of a gate, by how its command ended and what it reported?
import type { Verdict } from "../../core/verdicts.ts";
import { boundVerdict } from "../../core/verdicts.ts";
import type { RunResult } from "../protocol.ts";
import type { GateCommand, Judgement } from "./plan.ts";
import { readCoverage } from "./reports/coverage.ts";
import { readTestReport, type TestReport } from "./reports/tests.ts";

export type ReportFile =
  | { kind: "text"; path: string; text: string }
  | { kind: "absent"; path: string }
  /** Too large, a link, or not where it should be. */
  | { kind: "refused"; path: string; why: string };

export interface Ending {
  result: RunResult;
  durationMs: number;
  /** The end of what it printed. */
  output: string;
  reports: ReportFile[];
  /** How many tests ran on the base branch, where that is known. */
  baseTests: number | undefined;
}

type Found = Pick<Verdict, "outcome" | "expected" | "actual"> &
  Partial<Pick<Verdict, "counts" | "coverage" | "details">>;

const shownFailures = 30;
const shownMessageCharacters = 600;

export function judgeGate(command: GateCommand, ending: Ending): Verdict {
  const found = judgeStart(command, ending.result) ?? judgeEnd(command.judgement, ending);
  const output = ending.output.trimEnd();
  const full = ending.result.diskFull && found.outcome !== "passed" ? "The disk of the gates was full at the end." : "";
  const details = [full, found.details, found.outcome === "passed" ? "" : output].filter(Boolean).join("\n\n");
  const { gate, phase } = command;
  return boundVerdict({ gate, phase, durationMs: ending.durationMs, ...found, details });
}

/** Undefined when the command came to an end of its own. */
function judgeStart({ argv, cwd, timeoutMs }: GateCommand, result: RunResult): Found | undefined {
  const expected = `the end of ${JSON.stringify(argv.join(" "))}`;
  if (result.startFailure === "not_found" || result.startFailure === "not_executable") {
    const actual = `the program "${argv[0]}" is not there, or cannot be run`;
    return { outcome: "missing", expected, actual };
  }
  if (result.startFailure === "bad_cwd") return { outcome: "failed", expected, actual: `there is no folder "${cwd}"` };
  if (result.startFailure)
    return { outcome: "infrastructure", expected, actual: `it could not be started: ${result.startFailure}` };
  if (result.timedOut) {
    const limit = `an end within ${timeoutMs / 1000} s`;
    return {
      outcome: "timed_out",
      expected: limit,
      actual: "it still ran then, and was killed with all it had started",
    };
  }
  return result.cancelled ? { outcome: "infrastructure", expected, actual: "it was stopped from outside" } : undefined;
}

function judgeEnd(judgement: Judgement, ending: Ending): Found {
  switch (judgement.kind) {
    case "exit_code":
      return judgeExit(ending.result);
    case "tests":
      return judgeTests(judgement.report, ending);
    case "coverage":
      return judgeCoverage(judgement, ending);
  }
}

function judgeExit({ exitCode, signal }: RunResult): Found {
  const actual = signal
    ? `it was ended by ${signal}${signal === "SIGKILL" ? " (out of memory?)" : ""}`
    : `exit code ${exitCode}`;
  return { outcome: exitCode === 0 ? "passed" : "failed", expected: "exit code 0", actual };
}

function judgeTests(path: string | undefined, { result, reports, baseTests }: Ending): Found {
  const exit = judgeExit(result);
  if (path === undefined) {
    return exit.outcome === "passed"
      ? { ...exit, actual: `${exit.actual}; how many tests ran is not known, for there is no report` }
      : exit;
  }
  const file = reports[0];
  const report = file?.kind === "text" ? readTestReport(file.text) : undefined;
  if (!report) {
    if (exit.outcome === "failed") return exit;
    return { outcome: "missing", expected: `a report of the tests in ${path}`, actual: whyNoReport(file) };
  }
  return judgeReport(report, exit, baseTests);
}

function judgeReport(report: TestReport, exit: Found, baseTests: number | undefined): Found {
  const { passed, failed, skipped, hollow } = report;
  const counts = { tests: passed + failed + skipped, passed, failed, skipped };
  const words = `${passed} passed, ${failed} failed, ${skipped} skipped${hollow > 0 ? `, ${hollow} files without a test` : ""}`;
  if (failed > 0) {
    return { outcome: "failed", expected: "that all tests pass", actual: words, counts, details: listFailures(report) };
  }
  if (exit.outcome === "failed") return { ...exit, actual: `${exit.actual}, though no test failed (${words})`, counts };
  if (passed === 0) return { outcome: "missing", expected: "that tests run", actual: `none ran: ${words}`, counts };
  if (baseTests !== undefined && passed < baseTests) {
    const expected = `at least ${baseTests} tests, as many as run on the base branch`;
    return { outcome: "failed", expected, actual: words, counts };
  }
  return { outcome: "passed", expected: "that all tests pass", actual: words, counts };
}

function listFailures({ failures }: TestReport): string {
  const shown = failures.slice(0, shownFailures);
  const lines = shown.map(
    ({ name, message }) => `✗ ${name}\n${message.slice(0, shownMessageCharacters).replace(/^/gm, "    ")}`,
  );
  const more = failures.length - shown.length;
  return [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join("\n");
}

function judgeCoverage({ threshold, reports: paths }: Extract<Judgement, { kind: "coverage" }>, ending: Ending): Found {
  const exit = judgeExit(ending.result);
  if (exit.outcome === "failed") return exit;
  const expected = `that the tests reach ${threshold} % of the lines`;
  const file = ending.reports.find(({ kind }) => kind !== "absent") ?? ending.reports[0];
  const coverage = file?.kind === "text" ? readCoverage(file.text) : undefined;
  if (!coverage) {
    const where = `It should be in ${paths.join(" or ")}, as istanbul's json-summary or as lcov.`;
    return { outcome: "missing", expected, actual: `${whyNoReport(file)}. ${where}` };
  }
  const enough = coverage.lines >= threshold;
  const actual = `${coverage.lines} %`;
  return { outcome: enough ? "passed" : "failed", expected, actual, coverage: { threshold, ...coverage } };
}

function whyNoReport(file: ReportFile | undefined): string {
  if (file?.kind === "refused") return `its report ${file.path} does not count: ${file.why}`;
  return file?.kind === "text" ? `its report ${file.path} says nothing that can be read` : "it has left no report";
}
