// Which tests ran, by the report that their runner has written?
import { readJunit } from "./junit.ts";
import { readTap } from "./tap.ts";
import { readTestJson } from "./test-json.ts";

export interface TestReport {
  passed: number;
  failed: number;
  skipped: number;
  /** Files that count as a passed test with their runner, though they hold none. */
  hollow: number;
  failures: TestFailure[];
}

export interface TestFailure {
  name: string;
  message: string;
}

/** Undefined when it is none that we can read. What it says is the word of code that nobody trusts. */
export function readTestReport(text: string): TestReport | undefined {
  const start = text.trimStart().slice(0, 200);
  if (start.startsWith("{")) return readTestJson(text);
  if (start.startsWith("<")) return readJunit(text);
  return readTap(text);
}

export const emptyReport = (): TestReport => ({ passed: 0, failed: 0, skipped: 0, hollow: 0, failures: [] });
