// Are the reports of test runners and of coverage read right, and what verdict follows?
import { describe, expect, it } from "vitest";
import { type Ending, judgeGate } from "../../../functions/sandbox/gates/judge.ts";
import type { GateCommand, Judgement } from "../../../functions/sandbox/gates/plan.ts";
import { readCoverage } from "../../../functions/sandbox/gates/reports/coverage.ts";
import { readTestReport } from "../../../functions/sandbox/gates/reports/tests.ts";

const jest = (...results: object[]) => JSON.stringify({ numTotalTests: 99, success: true, testResults: results });
const file = (status: string, ...tests: [string, string, string?][]) => ({
  name: "/tree/test/a.test.ts",
  status,
  message: "cannot be loaded",
  assertionResults: tests.map(([fullName, status, message]) => ({
    fullName,
    status,
    failureMessages: message ? [message] : [],
  })),
});

describe("a report of tests is read in the format", () => {
  it.each<[string, string, object]>([
    [
      "of node:test (JUnit), where an attribute may hold a > and nested suites are no tests",
      `<?xml version="1.0" encoding="utf-8"?>
<testsuites>
	<testcase name="adds" time="0.1" classname="test" file="/tree/t/a.test.mjs"/>
	<testcase name="s" file="/tree/t/a.test.mjs"><skipped type="skipped" message="true"/></testcase>
	<testsuite name="suite" tests="77" failures="0"><testcase name="in" file="/tree/t/a.test.mjs"/></testsuite>
	<testcase name="fails" file="/tree/t/a.test.mjs" failure="boom &lt;x>">
		<failure type="testCodeFailure" message="boom &lt;x>">
[Error [ERR_TEST_FAILURE]: boom &lt;x>]
		</failure>
	</testcase>
	<testcase name="t/empty.test.mjs" time="0.08" classname="test" file="/tree/t/empty.test.mjs"/>
	<!-- tests 7 <testcase name="no"/> -->
</testsuites>`,
      { passed: 2, failed: 1, skipped: 1, hollow: 1, failures: [{ name: "fails", message: "boom <x>" }] },
    ],
    [
      "of other JUnit writers: errors, CDATA that looks like tests, numbers for characters",
      `<testsuite name="x" tests="0"><testcase classname='a' name='&#39;t&#x27;'><error><![CDATA[<testcase name="not one"/> a & b]]></error></testcase>
       <testcase name="ok"><system-out><![CDATA[</testcase><testcase name="nor this">]]></system-out></testcase></testsuite>`,
      {
        passed: 1,
        failed: 1,
        skipped: 0,
        hollow: 0,
        failures: [{ name: "'t'", message: '<testcase name="not one"/> a & b' }],
      },
    ],
    [
      "of vitest and jest",
      jest(
        file(
          "failed",
          ["a b", "passed"],
          ["a c", "failed", "expected 1"],
          ["d", "pending"],
          ["e", "todo"],
          ["f", "skipped"],
        ),
      ),
      { passed: 1, failed: 1, skipped: 3, failures: [{ name: "a c", message: "expected 1" }] },
    ],
    [
      "of vitest and jest, with a file that could not be loaded",
      jest(file("passed", ["a", "passed"]), file("failed")),
      { passed: 1, failed: 1, failures: [{ name: "/tree/test/a.test.ts", message: "cannot be loaded" }] },
    ],
    [
      "of mocha",
      JSON.stringify({
        stats: { tests: 3, passes: 1 },
        tests: [{}, {}, {}],
        passes: [{}],
        pending: [{}],
        failures: [{ fullTitle: "m fails", err: { message: "no" } }],
      }),
      { passed: 1, failed: 1, skipped: 1, failures: [{ name: "m fails", message: "no" }] },
    ],
    [
      "TAP, where a line that sums up its children is no test",
      `TAP version 14
# Subtest: suite
    ok 1 - in
    not ok 2 - out
      ---
      error: 'ok 9 - no test'
      ...
    1..2
not ok 1 - suite
ok 2 - later # SKIP not today
not ok 3 - planned # TODO
ok 4 - done
1..4`,
      { passed: 2, failed: 1, skipped: 2, failures: [{ name: "out", message: "" }] },
    ],
    ["TAP that was given up", "TAP version 13\nok 1 - a\nBail out! no database\n", { passed: 1, failed: 1 }],
    ["TAP without any test", "TAP version 13\n1..0\n", { passed: 0, failed: 0 }],
  ])("%s", (_name, text, expected) => expect(readTestReport(text)).toMatchObject(expected));

  it.each([
    ["nothing", ""],
    ["words", "All 12 tests passed\nnot okay\n"],
    ["half of JSON", '{"testResults": [{"name": "x", "assertionResults": ['],
    ["JSON of something else", '{"ok": true}'],
    ["half of XML", '<testsuites><testcase name="a"/>'],
    ["XML with an attribute that does not end", '<testsuites><testcase name="a/></testsuites>'],
    ["XML of something else", "<html><body/></html>"],
    ["tags that cross", "<testsuite><testcase></testsuite></testcase>"],
    ["a comment that does not end", "<testsuite><!-- </testsuite>"],
  ])("%s is none", (_name, text) => expect(readTestReport(text)).toBeUndefined());

  it.each([
    ["<".repeat(2_000_000)],
    ["<![CDATA[".repeat(500_000)],
    ["<!--".repeat(1_000_000)],
    [`<testsuite>${'<testcase name="a'.repeat(500_000)}`],
    [`<testsuites>${"<a>".repeat(500_000)}`],
    [`<testcase ${"name ".repeat(1_000_000)}/>`],
    [`{"testResults":${"[".repeat(2_000_000)}`],
    ["ok ".repeat(3_000_000)],
    [`${" ".repeat(5_000_000)}ok`],
  ])("that is hostile (%#) is read in no time worth speaking of", (text) => {
    const startedAt = performance.now();
    readTestReport(text);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});

describe("a report of coverage is read in the format", () => {
  const part = (covered: number, total: number) => ({ covered, total, skipped: 0, pct: 100 });
  it("of istanbul's json-summary, by its counts and not by its percents, and never rounded up", () => {
    const total = { lines: part(84_999, 100_000), branches: part(0, 0), functions: part(1, 3), statements: part(2, 2) };
    expect(readCoverage(JSON.stringify({ total }))).toEqual({ lines: 84.99, functions: 33.33, statements: 100 });
  });

  it("lcov, line by line and not by the sums", () => {
    const text =
      "TN:\nSF:a.js\nFNDA:1,f\nFNDA:0,g\nDA:1,3\nDA:2,0\nBRDA:1,0,0,-\nBRDA:1,0,1,2\nLF:100\nLH:100\nend_of_record\nSF:b.js\nDA:1,1\nDA:2,1\nend_of_record\n";
    expect(readCoverage(text)).toEqual({ lines: 75, branches: 50, functions: 50 });
  });

  it.each([
    ["nothing", ""],
    ["words", "100 %"],
    ["nothing measured", JSON.stringify({ total: { lines: part(0, 0) } })],
    ["more covered than there is", JSON.stringify({ total: { lines: part(5, 4) } })],
    ["percents alone", JSON.stringify({ total: { lines: { pct: 100 } } })],
    ["half of JSON", '{"total": {'],
  ])("%s is none", (_name, text) => expect(readCoverage(text)).toBeUndefined());
});

describe("the verdict", () => {
  const commandWith = (judgement: Judgement): GateCommand => ({
    ...{ gate: "test", phase: "pre_commit", argv: ["npm", "test"], cwd: ".", env: {}, timeoutMs: 60_000, alone: false },
    ...{ judgement, origin: "a test" },
  });
  const good = { exitCode: 0, signal: null, timedOut: false, cancelled: false };
  const judge = (judgement: Judgement, ending: Partial<Ending>) =>
    judgeGate(commandWith(judgement), {
      result: good,
      durationMs: 1,
      output: "its output",
      reports: [],
      baseTests: undefined,
      ...ending,
    });
  const plain: Judgement = { kind: "exit_code" };

  it.each<[string, Partial<Ending["result"]>, object]>([
    ["exit code 0", {}, { outcome: "passed", details: "" }],
    ["exit code 1", { exitCode: 1 }, { outcome: "failed", actual: "exit code 1", details: "its output" }],
    [
      "a signal",
      { exitCode: null, signal: "SIGKILL" },
      { outcome: "failed", actual: "it was ended by SIGKILL (out of memory?)" },
    ],
    [
      "a full disk",
      { exitCode: 1, diskFull: true },
      { outcome: "failed", details: expect.stringMatching(/^The disk of the gates was full/) },
    ],
    ["a limit that was reached", { exitCode: null, signal: "SIGKILL", timedOut: true }, { outcome: "timed_out" }],
    ["a stop from outside", { exitCode: null, signal: "SIGKILL", cancelled: true }, { outcome: "infrastructure" }],
    [
      "a program that is not there",
      { exitCode: null, startFailure: "not_found" },
      { outcome: "missing", actual: expect.stringContaining('"npm" is not there') },
    ],
    ["a folder that is not there", { exitCode: null, startFailure: "bad_cwd" }, { outcome: "failed" }],
    ["no room to start in", { exitCode: null, startFailure: "no_resources" }, { outcome: "infrastructure" }],
  ])("after %s", (_name, result, expected) => {
    expect(judge(plain, { result: { ...good, ...result } })).toMatchObject({
      gate: "test",
      phase: "pre_commit",
      ...expected,
    });
  });

  it("of tests without a report says that nothing was counted", () => {
    const verdict = judge({ kind: "tests", report: undefined }, {});
    expect(verdict).toMatchObject({
      outcome: "passed",
      actual: expect.stringContaining("how many tests ran is not known"),
    });
  });

  it("of coverage takes the first report that is there, whatever is wrong with it", () => {
    const reports = ["a.json", "b.info"];
    const judgement: Judgement = { kind: "coverage", reports, threshold: 50 };
    const text = { kind: "text", path: "b.info", text: "DA:1,1\nDA:2,0\n" } as const;
    expect(judge(judgement, { reports: [{ kind: "absent", path: "a.json" }, text] })).toMatchObject({
      outcome: "passed",
      actual: "50 %",
      coverage: { lines: 50, threshold: 50 },
    });
    const refused = judge(judgement, { reports: [{ kind: "refused", path: "a.json", why: "it is a link" }, text] });
    expect(refused).toMatchObject({
      outcome: "missing",
      actual: expect.stringContaining("a.json does not count: it is a link"),
    });
    const absent = judge(judgement, { reports: reports.map((path) => ({ kind: "absent", path })) });
    expect(absent).toMatchObject({
      outcome: "missing",
      actual: expect.stringContaining("It should be in a.json or b.info"),
    });
  });

  it("of coverage is a failure when its tests fail, however much they reach", () => {
    const reports: Ending["reports"] = [{ kind: "text", path: "a", text: "DA:1,1\n" }];
    const verdict = judge(
      { kind: "coverage", reports: ["a"], threshold: 50 },
      { reports, result: { ...good, exitCode: 1 } },
    );
    expect(verdict).toMatchObject({ outcome: "failed", actual: "exit code 1" });
  });

  it("lists thirty failing tests and counts the rest", () => {
    const tests = Array.from({ length: 40 }, (_, at): [string, string, string] => [`t${at}`, "failed", "no"]);
    const reports: Ending["reports"] = [{ kind: "text", path: "r", text: jest(file("failed", ...tests)) }];
    const { details } = judge({ kind: "tests", report: "r" }, { reports, result: { ...good, exitCode: 1 } });
    expect(details.match(/✗/g)).toHaveLength(30);
    expect(details).toContain("and 10 more");
  });
});
