// Do gates run on the exact commit, in a clean room, beside each other, and come to the right verdict?
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { decideVerdicts, verdict as verdictShape } from "../../../functions/core/verdicts.ts";
import { longestRunMs, measureBase } from "../../../functions/sandbox/gates/run-gates.ts";
import type { Workspace } from "../../../functions/sandbox/workspace.ts";
import { collectRun, until, within } from "../harness.ts";
import { json, makeRepository } from "./repository.ts";
import { canConfine, checkout, planFor, runRound, startRoom } from "./room.ts";

const passing = `import test from "node:test";
import assert from "node:assert";
import { add } from "../src/add.mjs";
test("adds", () => assert.equal(add(1, 1), 2));
test("adds more", () => assert.equal(add(2, 2), 4));
`;
const project = (more: Parameters<typeof makeRepository>[0] = {}, scripts: object = {}) =>
  makeRepository({
    "package.json": json({ name: "sums", type: "module", scripts: { test: "node --test", ...scripts } }),
    "src/add.mjs": "export const add = (a, b) => a + b;\n",
    "test/add.test.mjs": passing,
    ...more,
  });
/** A repository whose gates are shell scripts: the name of each gate, and what it does. */
const shellGates = (gates: Record<string, string>, settings: Record<string, object> = {}) =>
  makeRepository({
    "drover.yaml": json({
      gates: Object.fromEntries(
        Object.entries(gates).map(([name, script]) => [name, { command: ["sh", "-c", script], ...settings[name] }]),
      ),
    }),
    "tracked.txt": "tracked\n",
  });

describe.runIf(canConfine)("a round of gates", () => {
  it("passes on a commit that is right, with what was counted, and with the evidence", async () => {
    const { room } = await startRoom();
    const test = project({}, { lint: "node --check src/add.mjs", build: "node -e \"console.log('built')\"" });
    const commit = test.commit({ "src/more.mjs": "export const more = 1;\n" });
    const round = await runRound(room, test, { commit, gates: ["test", "lint", "build"] });
    expect(round.verdicts.map(({ gate, outcome }) => [gate, outcome]).sort()).toEqual([
      ["build", "passed"],
      ["lint", "passed"],
      ["setup", "passed"],
      ["tampering", "passed"],
      ["test", "passed"],
    ]);
    expect(round.of("test")).toMatchObject({
      phase: "pre_commit",
      counts: { tests: 2, passed: 2, failed: 0, skipped: 0 },
      details: "",
    });
    expect(round.of("build").phase).toBe("pre_push");
    expect(round.outputOf("build")).toContain("built");
    expect(round.outputOf("test")).toContain("adds more");
    for (const one of round.verdicts) expect(verdictShape.parse(one)).toEqual(one);
    const { expected } = await planFor(test, ["test", "lint", "build"]);
    expect(decideVerdicts(expected, round.verdicts)).toEqual({ kind: "accepted" });
  });

  it("sees the exact commit and nothing else: no git, nothing of the base that it deleted", async () => {
    const { room } = await startRoom();
    const test = shellGates({ look: "find . -mindepth 1 | sort; cat tracked.txt; exit 3" });
    const commit = test.commit({ "tracked.txt": "changed\n", "a/b.txt": "new\n" });
    const round = await runRound(room, test, { commit, gates: ["look"] });
    expect(round.of("look")).toMatchObject({ outcome: "failed", actual: "exit code 3" });
    expect(round.outputOf("look")).toContain("./a\n./a/b.txt\n./drover.yaml\n./tracked.txt\nchanged\n");
  });

  it("tells the agent which test failed and how", async () => {
    const { room } = await startRoom();
    const test = project();
    const commit = test.commit({ "src/add.mjs": "export const add = (a, b) => a * b + 0;\n" });
    const round = await runRound(room, test, { commit, gates: ["test"] });
    expect(round.of("test")).toMatchObject({ outcome: "failed", actual: "1 passed, 1 failed, 0 skipped" });
    const decision = decideVerdicts(["test"], round.verdicts);
    expect(decision.kind === "rejected" && decision.feedback).toMatch(
      /## test failed \(before the commit\)[\s\S]*✗ adds\n +1 == 2\n[\s\S]*\(file:\/\/test\/add\.test\.mjs:4:27\)/,
    );
  });

  describe("counts what is green without a test as missing:", () => {
    it.each([
      ["a file without tests", "export {};\n"],
      ["a file that leaves early", "process.exit(0);\n"],
      ["tests that are all skipped", 'import test from "node:test"; test.skip("a", () => {}); test.todo("b");\n'],
      ["no file at all", undefined],
    ])("%s", async (_name, text) => {
      const { room } = await startRoom();
      const test = makeRepository({
        "package.json": json({ scripts: { test: "node --test" } }),
        ...(text !== undefined && { "a.test.mjs": text }),
      });
      const round = await runRound(room, test, { gates: ["test"] });
      expect(round.of("test")).toMatchObject({ outcome: "missing", counts: { passed: 0, failed: 0 } });
      expect(round.of("test").actual).toMatch(/^none ran: 0 passed/);
    });
  });

  describe("does not count a report that", () => {
    const gate = async (
      script: string,
      files: Parameters<typeof makeRepository>[0] = {},
      report = "out/report.xml",
    ) => {
      const { room } = await startRoom();
      const test = shellGates({ test: script }, { test: { report } });
      const round = await runRound(room, test, { commit: test.commit(files), gates: ["test"] });
      return round.of("test");
    };
    const good = '<testsuites><testcase name="a"/></testsuites>';

    it("(control: one that does count)", async () => {
      expect(await gate(`mkdir out; echo '${good}' > out/report.xml`)).toMatchObject({
        outcome: "passed",
        counts: { passed: 1 },
      });
    });

    it("the commit brought along", async () => {
      const found = await gate("true", { "out/report.xml": good });
      expect(found).toMatchObject({ outcome: "missing", actual: "it has left no report" });
    });

    it("is a link", async () => {
      const found = await gate(`echo '${good}' > "$HOME/elsewhere"; mkdir out; ln -s "$HOME/elsewhere" out/report.xml`);
      expect(found).toMatchObject({
        outcome: "missing",
        actual: expect.stringContaining("it is no plain file in the tree"),
      });
    });

    it("lies where a link leads to", async () => {
      const found = await gate(
        `mkdir "$HOME/elsewhere"; echo '${good}' > "$HOME/elsewhere/report.xml"; ln -s "$HOME/elsewhere" out`,
      );
      expect(found).toMatchObject({
        outcome: "missing",
        actual: expect.stringContaining("it is no plain file in the tree"),
      });
    });

    it("is too large", async () => {
      const found = await gate("mkdir out; head -c 21000000 /dev/zero > out/report.xml");
      expect(found).toMatchObject({ outcome: "missing", actual: expect.stringContaining("21000000 bytes") });
    });

    it("nobody can read", async () => {
      expect(await gate("mkdir out; echo '<testsuites><testcase' > out/report.xml")).toMatchObject({
        outcome: "missing",
      });
      expect(await gate("mkdir out; echo 'All tests passed!' > out/report.xml")).toMatchObject({ outcome: "missing" });
    });

    it("speaks of success when the command does not", async () => {
      const found = await gate(`mkdir out; echo '${good}' > out/report.xml; exit 1`);
      expect(found).toMatchObject({
        outcome: "failed",
        actual: expect.stringContaining("exit code 1, though no test failed"),
      });
    });

    it("speaks of failure when the command does not", async () => {
      const found = await gate(
        `mkdir out; echo '<testsuites><testcase name="a"><failure message="no"/></testcase></testsuites>' > out/report.xml`,
      );
      expect(found).toMatchObject({ outcome: "failed", details: expect.stringContaining("✗ a\n    no") });
    });
  });

  it("kills a gate that hangs, with its daemons, and lets the others be", async () => {
    const { room } = await startRoom();
    const daemons = `for i in 1 2 3; do (setsid env -i sh -c 'trap "" TERM; while :; do sleep 77; done' >/dev/null 2>&1 &); done`;
    const test = shellGates(
      {
        hang: `${daemons}; echo waiting; sleep 1000`,
        lasting: "while [ -d ../../hang/tree ] && pgrep -x sleep >/dev/null; do sleep 0.05; done; echo alone",
      },
      { hang: { timeoutMs: 2_000 } },
    );
    const round = await runRound(room, test, { gates: ["hang", "lasting"] });
    expect(round.of("hang")).toMatchObject({ outcome: "timed_out", expected: "an end within 2 s" });
    expect(round.of("hang").details).toContain("waiting");
    expect(round.of("lasting").outcome).toBe("passed");
    const { stdout } = await collectRun(room.lines[0] as Workspace, ["sh", "-c", "ls /proc | grep -c '^[0-9]'"]);
    // init, runner, and the three processes of the counting itself.
    expect(Number(stdout)).toBeLessThanOrEqual(5);
  });

  it("keeps the beginning and the end of 50 MB of output, and shows a little of it", async () => {
    const { room } = await startRoom();
    const test = shellGates({ loud: "echo first; yes noise | head -c 50000000; echo last; exit 1" });
    const round = await runRound(room, test, { gates: ["loud"] });
    expect(round.of("loud")).toMatchObject({ outcome: "failed", details: expect.stringMatching(/last$/) });
    expect(round.of("loud").details.length).toBeLessThanOrEqual(6_000);
    const output = round.outputOf("loud");
    expect(output.length).toBeLessThan(1_200_000);
    expect(output).toMatch(/^\[drover\] running[^\n]*\nfirst\n/);
    expect(output.endsWith("last\n")).toBe(true);
  });

  it("runs its gates at the same time, each in a copy that no other one sees", async () => {
    const { room } = await startRoom();
    const meet = (mine: string, others: string[]) =>
      `echo ${mine} > built.txt; echo > ../../${mine}; for other in ${others.join(" ")}; do until [ -e ../../$other ]; do sleep 0.02; done; done; cat built.txt; ls | tr '\\n' ' '`;
    const names = ["one", "two", "three"];
    const test = shellGates(
      Object.fromEntries(
        names.map((name) => [
          name,
          meet(
            `${name}.up`,
            names.map((other) => `${other}.up`),
          ),
        ]),
      ),
      Object.fromEntries(names.map((name) => [name, { timeoutMs: 20_000 }])),
    );
    // Each waits for all: one after the other, none of them would ever end.
    const round = await runRound(room, test, { gates: names });
    for (const name of names) {
      expect(round.of(name).outcome).toBe("passed");
      expect(round.outputOf(name)).toContain(`${name}.up\nbuilt.txt drover.yaml tracked.txt `);
    }
  });

  it("runs a gate alone that wants to be, and more gates than it has lines", async () => {
    const { room } = await startRoom();
    const names = Array.from({ length: 10 }, (_, at) => `gate${at}`);
    const test = shellGates(
      {
        ...Object.fromEntries(names.map((name) => [name, `echo > ../../${name}.done`])),
        last: "ls ../../ | grep -c done",
      },
      { last: { alone: true } },
    );
    const round = await runRound(room, test, { gates: ["last", ...names] });
    expect(round.verdicts.map(({ outcome }) => outcome)).toEqual(Array(13).fill("passed"));
    expect(round.outputOf("last")).toMatch(/\n10\n$/);
  });

  it("starts in an empty room every time, whatever the round before has left", async () => {
    const { room, workspace } = await startRoom();
    const test = shellGates({
      look: 'ls -A "$HOME" "$TMPDIR" /dev/shm ..; echo x > "$HOME/.npmrc"; echo x > "$TMPDIR/x"; echo x > /dev/shm/x; mkdir -p ../tools/bin/deep; chmod 0 ../tools/bin; (setsid sleep 88 >/dev/null 2>&1 &)',
    });
    const first = await runRound(room, test, { gates: ["look"] });
    expect(readdirSync(workspace).sort()).toEqual(["gates", "home", "tmp", "tools", "tree"]);
    const second = await runRound(room, test, { gates: ["look"] });
    expect(second.outputOf("look")).toBe(first.outputOf("look"));
    expect(first.outputOf("look")).not.toMatch(/^\.npmrc$/m);
  });

  it("says which program is not there", async () => {
    const { room } = await startRoom();
    const test = makeRepository({
      "drover.yaml": json({ gates: { lint: { command: ["ruff-of-nowhere", "check"] } } }),
    });
    const round = await runRound(room, test, { gates: ["lint"] });
    expect(round.of("lint")).toMatchObject({
      outcome: "missing",
      actual: 'the program "ruff-of-nowhere" is not there, or cannot be run',
    });
  });

  it("judges what is configured by the base, however the commit has changed it, and calls that tampering", async () => {
    const { room } = await startRoom();
    const test = project({}, { lint: "node lint.mjs" });
    const commit = test.commit({
      "package.json": json({ name: "sums", type: "module", scripts: { test: "true", lint: "true" } }),
      "drover.yaml": json({ gates: { test: { command: ["true"] } } }),
      "src/add.mjs": "export const add = () => 0;\n",
    });
    const round = await runRound(room, test, { commit, gates: ["test"] });
    expect(round.of("tampering")).toMatchObject({
      outcome: "failed",
      findings: [
        { level: "blocked", path: "package.json", what: 'the script "test" was changed' },
        { level: "blocked", path: "package.json", what: 'the script "lint" was changed' },
        { level: "flagged", path: "drover.yaml" },
      ],
    });
    expect(round.of("test")).toMatchObject({ outcome: "failed", counts: { failed: 2 } });
    const decision = decideVerdicts(["tampering", "setup", "test"], round.verdicts);
    expect(decision.kind === "rejected" && decision.feedback).toContain(
      '- package.json: the script "test" was changed',
    );
  });

  it("guards the files that gates run by name, and lets people allow a change of them", async () => {
    const { room } = await startRoom();
    const test = makeRepository({
      "drover.yaml": json({ gates: { check: { command: ["sh", "tools/check.sh"] } } }),
      "tools/check.sh": "exit 1\n",
    });
    const commit = test.commit({ "tools/check.sh": "exit 0\n" });
    const strict = await runRound(room, test, { commit, gates: ["check"] });
    expect([strict.of("tampering").outcome, strict.of("check").outcome]).toEqual(["failed", "failed"]);
    const allowed = await runRound(room, test, { commit, gates: ["check"], allowConfigChanges: ["tools/"] });
    expect([allowed.of("tampering").outcome, allowed.of("check").outcome]).toEqual(["passed", "passed"]);
    expect(allowed.of("tampering").findings).toMatchObject([{ level: "flagged" }]);
  });

  it("compares the tests with those of the base: fewer are not accepted, unless people have allowed that", async () => {
    const { room } = await startRoom();
    const test = project();
    const order = {
      room,
      repository: test.repository,
      base: test.base,
      plan: await planFor(test, ["test"]),
      environment: {},
      signal: new AbortController().signal,
    };
    const { baseTests, verdicts } = await measureBase(order);
    expect(baseTests).toBe(2);
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(["passed", "passed"]);
    const fewer = test.commit({ "test/add.test.mjs": passing.replace(/test\("adds more.*\n/, "") });
    const round = await runRound(room, test, { commit: fewer, gates: ["test"], baseTests });
    expect(round.of("test")).toMatchObject({
      outcome: "failed",
      expected: "at least 2 tests, as many as run on the base branch",
    });
    const allowConfigChanges = ["test/"];
    const allowed = await runRound(room, test, { commit: fewer, gates: ["test"], baseTests, allowConfigChanges });
    expect(allowed.of("test").outcome).toBe("passed");
    expect((await runRound(room, test, { gates: ["test"], baseTests })).of("test").outcome).toBe("passed");
  });

  describe("when the setup fails", () => {
    const setUp = async (setup: string[][], commitFiles: Parameters<typeof makeRepository>[0] = {}) => {
      const { room } = await startRoom();
      const test = makeRepository({ "drover.yaml": json({ setup, gates: { test: { command: ["true"] } } }) });
      return runRound(room, test, { commit: test.commit(commitFiles), gates: ["test"] });
    };
    it.each<[string, string[][], string]>([
      ["of its own", [["sh", "-c", "echo broken; exit 2"]], "failed"],
      ["on the way to the registry", [["sh", "-c", "echo npm error code ECONNREFUSED; exit 1"]], "infrastructure"],
      ["for want of a program", [["pip-of-nowhere", "install"]], "missing"],
    ])("%s, no gate runs and nothing is accepted", async (_name, setup, outcome) => {
      const round = await setUp(setup);
      expect(round.of("setup").outcome).toBe(outcome);
      expect(round.of("test")).toMatchObject({ outcome: "skipped" });
      const decision = decideVerdicts(["tampering", "setup", "test"], round.verdicts);
      expect(decision.kind).toBe(outcome === "infrastructure" ? "infrastructure" : "rejected");
    });

    it("it is the agent's fault when it has broken the lockfile", async () => {
      const { room } = await startRoom();
      const test = makeRepository({
        "package.json": json({ name: "x", scripts: { test: "true" } }),
        "package-lock.json": json({ name: "x", lockfileVersion: 3, packages: { "": { name: "x" } } }),
      });
      const good = await runRound(room, test, { gates: ["test"] });
      expect(good.of("setup")).toMatchObject({ outcome: "passed", actual: "they were" });
      const bad = await runRound(room, test, { commit: test.commit({ "package-lock.json": "{" }), gates: ["test"] });
      expect(bad.of("setup")).toMatchObject({ outcome: "failed", details: expect.stringContaining("npm error") });
    });
  });

  it("ends at once when it is called off, and leaves nothing running", async () => {
    const { room, workspace } = await startRoom();
    const test = shellGates({ slow: "echo > ../../up; sleep 1000", slower: "sleep 2000" });
    const stop = new AbortController();
    const running = runRound(room, test, { gates: ["slow", "slower"], signal: stop.signal });
    running.catch(() => undefined);
    await until("the gates", () => existsSync(join(workspace, "gates/up")));
    stop.abort(new Error("killed"));
    await expect(within(10_000, "the end", running)).rejects.toThrow("killed");
    const { stdout } = await collectRun(room.lines[0] as Workspace, [
      "sh",
      "-c",
      "cat /proc/[0-9]*/comm | grep -c sleep",
    ]);
    expect(stdout).toBe("0\n");
  });

  it("is infrastructure, gate by gate, when the room is lost", async () => {
    const { room, runner, workspace } = await startRoom();
    const test = shellGates({ slow: "echo > ../../up; sleep 1000", quick: "true" });
    const running = runRound(room, test, { gates: ["slow", "quick"] });
    await until("the gates", () => existsSync(join(workspace, "gates/up")));
    runner.kill("SIGKILL");
    const round = await within(10_000, "the verdicts", running);
    expect(round.of("slow").outcome).toBe("infrastructure");
    const again = await runRound(room, test, { gates: ["slow"] });
    expect(again.of("setup").outcome).toBe("infrastructure");
    expect(decideVerdicts(["tampering", "setup", "slow"], again.verdicts).kind).toBe("infrastructure");
  });
});

describe.runIf(canConfine)("real tools", () => {
  const setup = [["ln", "-s", join(checkout, "node_modules"), "node_modules"]];
  const files = (more: Parameters<typeof makeRepository>[0] = {}) => ({
    "drover.yaml": json({ setup }),
    "package.json": json({
      type: "module",
      devDependencies: { typescript: "6", "@biomejs/biome": "2", vitest: "5", "@vitest/coverage-v8": "5" },
    }),
    "tsconfig.json": json({
      compilerOptions: { strict: true, noEmit: true, skipLibCheck: true, types: [] },
      include: ["src"],
    }),
    "biome.json": json({
      linter: { rules: { suspicious: { noDebugger: "warn" } } },
      formatter: { enabled: false },
      assist: { enabled: false },
    }),
    "src/add.ts":
      "export function add(a: number, b: number): number {\n  if (a > 100) {\n    return b;\n  }\n  return a + b;\n}\n",
    "test/add.test.ts":
      'import { expect, it } from "vitest";\nimport { add } from "../src/add.ts";\nit("adds", () => expect(add(1, 1)).toBe(2));\n',
    ...more,
  });

  it("tsc, biome and vitest are found, pass, and count and measure", async () => {
    const { room } = await startRoom();
    const test = makeRepository({ ...files(), "drover.yaml": json({ setup, gates: { coverage: { threshold: 60 } } }) });
    const round = await runRound(room, test, { gates: ["typecheck", "lint", "test", "coverage"] });
    expect(round.verdicts.map(({ gate, outcome, details }) => [gate, outcome, details]).sort()).toEqual(
      ["coverage", "lint", "setup", "tampering", "test", "typecheck"].map((gate) => [gate, "passed", ""]),
    );
    expect(round.of("test").counts).toEqual({ tests: 1, passed: 1, failed: 0, skipped: 0 });
    expect(round.of("coverage").coverage).toMatchObject({ lines: 66.66, threshold: 60, functions: 100 });
  });

  it("a type error, a warning, a failing test and too little coverage are rejected with what was found", async () => {
    const { room } = await startRoom();
    const test = makeRepository(files());
    const commit = test.commit({
      "src/add.ts":
        "export function add(a: number, b: number): string {\n  debugger;\n  if (a > 100) {\n    return b;\n  }\n  return a + b + 1;\n}\n",
    });
    const round = await runRound(room, test, { commit, gates: ["typecheck", "lint", "test", "coverage"] });
    expect(round.of("typecheck")).toMatchObject({
      outcome: "failed",
      details: expect.stringContaining("src/add.ts(4,5): error TS2322"),
    });
    expect(round.of("lint")).toMatchObject({ outcome: "failed", details: expect.stringContaining("noDebugger") });
    expect(round.of("test")).toMatchObject({
      outcome: "failed",
      counts: { failed: 1 },
      details: expect.stringContaining("✗ adds"),
    });
    expect(round.of("coverage").outcome).toBe("failed");
    const covered = await runRound(room, test, { gates: ["coverage"] });
    expect(covered.of("coverage")).toMatchObject({
      outcome: "failed",
      expected: "that the tests reach 85 % of the lines",
      actual: "66.66 %",
    });
  });

  it("node's own runner measures coverage", async () => {
    const { room } = await startRoom();
    const test = project({
      "src/more.mjs": "export const more = () => {\n  return 1;\n};\n",
      "test/more.test.mjs": 'import "../src/more.mjs";\nimport "./add.test.mjs";\n',
    });
    const round = await runRound(room, test, { gates: ["coverage"] });
    expect(round.of("coverage").coverage?.lines).toBeGreaterThan(70);
    expect(round.of("coverage").coverage?.lines).toBeLessThan(100);
  });
});

it("the longest run is known beforehand: the longest gate and those alone, not the sum of all", async () => {
  const minuteMs = 60_000;
  const timeoutMs = 60 * minuteMs;
  const gates = { a: "true", b: "true", c: "true", d: "true" };
  const test = shellGates(gates, {
    a: { timeoutMs },
    b: { timeoutMs },
    c: { timeoutMs },
    d: { timeoutMs, alone: true },
  });
  const longest = longestRunMs(await planFor(test, Object.keys(gates)));
  expect(longest).toBeGreaterThan(2 * timeoutMs);
  expect(longest).toBeLessThan(4 * timeoutMs);
});
