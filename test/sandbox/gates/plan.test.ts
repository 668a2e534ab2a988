// Which commands become the gates of a task, and what is said where none can be found?
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { resolveGates } from "../../../functions/core/gates.ts";
import { type GatePlan, planGates, whyHopeless } from "../../../functions/sandbox/gates/plan.ts";
import { json, makeRepository } from "./repository.ts";

type Files = Parameters<typeof makeRepository>[0];

const all = { gates: ["typecheck", "lint", "test", "coverage", "build", "integration"], chosenBy: "request" } as const;

async function plan(files: Files, chosen: Parameters<typeof planGates>[2] = all): Promise<GatePlan> {
  const { repository, base } = makeRepository(files);
  const planned = await planGates(repository, base, chosen);
  if (planned.kind === "refused") throw new Error(planned.why);
  return planned.plan;
}

async function refusal(files: Files): Promise<string> {
  const { repository, base } = makeRepository(files);
  const planned = await planGates(repository, base, all);
  return planned.kind === "refused" ? planned.why : "it was planned";
}

const commandsOf = ({ commands }: GatePlan) =>
  Object.fromEntries(commands.map(({ gate, argv }) => [gate, argv.join(" ")]));
const manifest = (fields: object) => ({ "package.json": json({ name: "x", ...fields }) });

describe("gates are found by the scripts of package.json", () => {
  const scripts = {
    typecheck: "tsc -p .",
    lint: "eslint src && eslint test",
    test: "vitest run",
    "test:coverage": "vitest run --coverage",
    build: "tsc -b | tee log",
    integration: "node --test integration",
  };

  it("run by npm, with what makes their tools strict and their outcome readable", async () => {
    const found = await plan({ ...manifest({ scripts }), "package-lock.json": "{}" });
    expect(commandsOf(found)).toEqual({
      typecheck: "npm run typecheck",
      lint: "npm run lint -- --max-warnings 0",
      test: "npm run test -- --reporter=default --reporter=json --outputFile.json=.drover-report.json",
      coverage:
        "npm run test:coverage -- --coverage.enabled --coverage.reporter=text --coverage.reporter=json-summary --coverage.reportsDirectory=coverage",
      build: "npm run build",
      integration: "npm run integration",
    });
    expect(found.setup).toEqual([["npm", "ci", "--no-audit", "--no-fund"]]);
    const [integration] = found.commands.slice(-1);
    expect(integration?.env.NODE_OPTIONS).toContain(
      "--test-reporter=junit --test-reporter-destination=.drover-report.xml",
    );
    expect(integration?.judgement).toEqual({ kind: "tests", report: ".drover-report.xml" });
    expect(found.commands.map(({ phase }) => phase)).toEqual([
      ...["pre_commit", "pre_commit", "pre_commit"],
      ...["pre_push", "pre_push", "pre_push"],
    ]);
  });

  it.each([
    ["pnpm-lock.yaml", "lockfileVersion: '9.0'\n", undefined, "pnpm@10", "pnpm install --frozen-lockfile"],
    ["pnpm-lock.yaml", "lockfileVersion: '6.0'\n", undefined, "pnpm@8", "pnpm install --frozen-lockfile"],
    [
      "pnpm-lock.yaml",
      "lockfileVersion: '9.0'\n",
      "pnpm@9.1.2+sha512.abc",
      "pnpm@9.1.2",
      "pnpm install --frozen-lockfile",
    ],
    ["yarn.lock", "# yarn lockfile v1\n", undefined, "yarn@1", "yarn install --frozen-lockfile"],
    ["yarn.lock", "__metadata:\n  version: 8\n", undefined, "@yarnpkg/cli-dist@4", "yarn install --immutable"],
    ["yarn.lock", "__metadata:\n", "yarn@3.6.1", "@yarnpkg/cli-dist@3.6.1", "yarn install --immutable"],
  ])("run by the manager that %s (%j) tells, %j", async (lockfile, head, packageManager, spec, install) => {
    const found = await plan({ ...manifest({ scripts, packageManager }), [lockfile]: head });
    const manager = lockfile === "yarn.lock" ? "yarn" : "pnpm";
    expect(commandsOf(found).lint).toBe(`${manager} run lint --max-warnings 0`);
    expect(found.setup.map((words) => words.join(" "))).toEqual([
      `npm install --global --prefix ../tools --no-audit --no-fund ${spec}`,
      install,
    ]);
  });

  it.each([
    ["jest --ci", "npm run test -- --json --outputFile=.drover-report.json"],
    [
      "NODE_ENV=test npx --no-install mocha",
      "npm run test -- --reporter json --reporter-option output=.drover-report.json",
    ],
    [
      "tsc && ./node_modules/.bin/vitest run",
      "npm run test -- --reporter=default --reporter=json --outputFile.json=.drover-report.json",
    ],
    ["c8 --all vitest run", "npm run test -- --reporter=default --reporter=json --outputFile.json=.drover-report.json"],
    ["vitest run | tee log", "npm run test"],
    ["vitest run > log", "npm run test"],
    ["npm run unit", "npm run test"],
    ["node --test", "npm run test"],
  ])("more arguments go where they reach the tool: %s", async (script, expected) => {
    const found = await plan(manifest({ scripts: { test: script, unit: "vitest run" } }));
    expect(commandsOf(found).test).toBe(expected);
  });

  it("a script that only starts another is looked through where a report needs no arguments", async () => {
    const found = await plan(manifest({ scripts: { test: "npm run unit", unit: "node --test a/ b/" } }));
    expect(found.commands.find(({ gate }) => gate === "test")?.judgement).toEqual({
      kind: "tests",
      report: ".drover-report.xml",
    });
  });

  it.each([
    [
      "node --test --test-reporter=tap",
      /^--test-reporter=junit --test-reporter-destination=\S+ --test-reporter-destination=stdout$/,
    ],
    [
      "node --test --test-reporter dot --test-reporter-destination stdout",
      /^--test-reporter=junit --test-reporter-destination=\S+$/,
    ],
  ])("a reporter that the project has chosen stays, with ours beside it: %s", async (test, options) => {
    const found = await plan(manifest({ scripts: { test } }));
    const { NODE_OPTIONS } = found.commands[0]?.env ?? {};
    expect(NODE_OPTIONS).toMatch(options);
    // And node itself takes the two together.
    const cwd = mkdtempSync(join(tmpdir(), "drover-plan-"));
    writeFileSync(join(cwd, "a.test.mjs"), 'import "node:test";');
    const ran = spawnSync(process.execPath, test.split(" ").slice(1), { cwd, encoding: "utf8", env: { NODE_OPTIONS } });
    expect(ran).toMatchObject({ status: 0, stderr: "" });
    expect(existsSync(join(cwd, ".drover-report.xml"))).toBe(true);
    rmSync(cwd, { recursive: true });
  });

  it("the project's own options of node stay beside those that make its runner report", async () => {
    const found = await plan({
      ...manifest({ scripts: { test: "node --test" } }),
      "drover.yaml": "gates: { test: { env: { NODE_OPTIONS: --enable-source-maps } } }",
    });
    expect(found.commands[0]?.env.NODE_OPTIONS).toMatch(/^--enable-source-maps --test-reporter=spec .*junit/);
  });

  it("scripts that start each other in a circle are no trap", async () => {
    const found = await plan(manifest({ scripts: { test: "npm run unit", unit: "npm test" } }));
    expect(commandsOf(found).test).toBe("npm run test");
  });

  it("what npm init writes is no test", async () => {
    const found = await plan(manifest({ scripts: { test: 'echo "Error: no test specified" && exit 1' } }));
    expect(commandsOf(found)).toEqual({});
  });

  it("a custom gate is the script of its name", async () => {
    const files = manifest({ scripts: { licenses: "node check.mjs", constructor: "no" } });
    expect(commandsOf(await plan(files, { gates: ["licenses"], chosenBy: "request" }))).toEqual({
      licenses: "npm run licenses",
    });
    const hollow = await plan(manifest({}), { gates: ["constructor"], chosenBy: "request" });
    expect(hollow.settled).toMatchObject([{ gate: "constructor", outcome: "missing" }]);
  });
});

describe("gates are found by their tools where no script names them", () => {
  const devDependencies = { typescript: "6", "@biomejs/biome": "2", vitest: "5", "@vitest/coverage-v8": "5" };

  it("typescript, biome and vitest", async () => {
    const found = await plan({ ...manifest({ devDependencies }), "tsconfig.json": "{}", "biome.json": "{}" });
    expect(commandsOf(found)).toEqual({
      typecheck: "node_modules/.bin/tsc --noEmit --pretty false",
      lint: "node_modules/.bin/biome check . --error-on-warnings",
      test: "node_modules/.bin/vitest run --reporter=default --reporter=json --outputFile.json=.drover-report.json",
      coverage:
        "node_modules/.bin/vitest run --coverage.enabled --coverage.reporter=text --coverage.reporter=json-summary --coverage.reportsDirectory=coverage",
    });
    expect(found.setup).toEqual([["npm", "install", "--no-package-lock", "--no-audit", "--no-fund"]]);
  });

  it("eslint and jest, by yarn", async () => {
    const files = {
      ...manifest({ devDependencies: { eslint: "10", jest: "31" } }),
      "eslint.config.mjs": "",
      "yarn.lock": "",
    };
    expect(commandsOf(await plan(files))).toMatchObject({
      lint: "yarn run eslint . --max-warnings 0",
      test: "yarn run jest --json --outputFile=.drover-report.json",
    });
  });

  it("node's own runner measures coverage without a script for it", async () => {
    const found = await plan(manifest({ scripts: { test: "node --test 'test/*.test.mjs'" } }));
    expect(commandsOf(found).coverage).toBe(
      "node --experimental-test-coverage --test-reporter=spec --test-reporter-destination=stdout --test-reporter=lcov --test-reporter-destination=.drover-coverage.info --test test/*.test.mjs",
    );
    expect(found.setup).toEqual([]);
  });

  it("a configuration without its tool is none, and tsc with project references is not taken for a check", async () => {
    const files = { ...manifest({ devDependencies: { typescript: "6" } }), "biome.json": "{}" };
    expect(commandsOf(await plan({ ...files, "tsconfig.json": '{ "files": [], "references": [] }' }))).toEqual({});
  });
});

describe("drover.yaml", () => {
  it("names commands, places, limits, reports and the threshold, for any language", async () => {
    const found = await plan({
      "drover.yaml": `
setup:
  - [pip, install, -r, requirements.txt]
gates:
  lint: { command: [ruff, check, .] }
  test: { command: [pytest, --junitxml=out/junit.xml], report: out/junit.xml, timeoutMs: 60000, alone: true }
  coverage: { command: [pytest, --cov], report: out/lcov.info, threshold: 70, cwd: app, env: { MODE: full } }
  typecheck: { command: [mypy, .] }
protected: [tools/check.sh, scripts/]
secrets: { allow: [fp_1234] }
`,
    });
    expect(found.commands).toEqual([
      expect.objectContaining({ gate: "typecheck", argv: ["mypy", "."], timeoutMs: 600_000, alone: false }),
      expect.objectContaining({ gate: "lint", argv: ["ruff", "check", "."], judgement: { kind: "exit_code" } }),
      expect.objectContaining({
        gate: "test",
        judgement: { kind: "tests", report: "out/junit.xml" },
        timeoutMs: 60_000,
        alone: true,
      }),
      expect.objectContaining({
        gate: "coverage",
        judgement: { kind: "coverage", reports: ["out/lcov.info"], threshold: 70 },
        cwd: "app",
        env: { MODE: "full" },
      }),
    ]);
    expect(found.setup).toEqual([["pip", "install", "-r", "requirements.txt"]]);
    expect(found.config).toMatchObject({ protected: ["tools/check.sh", "scripts/"], secrets: { allow: ["fp_1234"] } });
  });

  it("goes before package.json, gate by gate, and may add to what is found there", async () => {
    const found = await plan({
      ...manifest({ scripts: { test: "node --test", lint: "eslint .", build: "tsc" } }),
      "drover.yaml":
        "gates:\n  lint: { warnings: allowed }\n  build: { command: [make] }\n  coverage: { threshold: 40 }\n",
    });
    expect(commandsOf(found)).toMatchObject({ lint: "npm run lint", build: "make", test: "npm run test" });
    expect(found.commands.find(({ gate }) => gate === "coverage")?.judgement).toMatchObject({ threshold: 40 });
  });

  it("a command that starts a known tool or a script is made to report", async () => {
    const files = {
      ...manifest({ scripts: { unit: "jest" } }),
      "drover.yaml": "gates: { test: { command: [npm, run, unit] } }",
    };
    expect(commandsOf(await plan(files)).test).toBe("npm run unit -- --json --outputFile=.drover-report.json");
    const direct = await plan({ "drover.yaml": "gates: { test: { command: [npx, vitest, run] } }" });
    expect(commandsOf(direct).test).toContain("npx vitest run --reporter=default --reporter=json");
  });

  it.each([
    ["a syntax error", "gates:\n  lint: { command: [\n", /line 3/],
    ["a duplicate", "gates:\n  lint: {}\n  lint: {}\n", /unique.* line 3/i],
    ["an unknown setting", "gates: {}\n\ngate: {}\n", /the file \(line 3\): there is no setting "gate" here/],
    [
      "an unknown setting of a gate",
      "gates:\n  test:\n    command: [x]\n    timeout: 5\n",
      /gates\.test \(line 4\): there is no setting "timeout"/,
    ],
    [
      "a threshold where there is nothing to measure",
      "gates:\n  test: { threshold: 90 }\n",
      /gates\.test \(line 2\): there is no setting "threshold"/,
    ],
    [
      "a command as a text",
      "gates:\n  lint:\n    command: npm run lint\n",
      /gates\.lint\.command \(line 3\): write a command as a list/,
    ],
    ["a word that YAML takes for a number", "setup: [[npm, 1]]\n", /setup\.0\.1 .*put it in quotes/],
    ["an empty command", "setup: [[]]\n", /setup\.0 .*name at least the program/],
    [
      "a report outside of the tree",
      "gates:\n  test:\n    command: [x]\n    report: ../report.xml\n",
      /gates\.test\.report \(line 4\): the path is not a plain relative path/,
    ],
    ["a limit of no time", "gates:\n  test: { timeoutMs: 0 }\n", /gates\.test\.timeoutMs/],
    [
      "a threshold over everything",
      "gates: { coverage: { threshold: 101 } }\n",
      /gates\.coverage\.threshold \(line 1\)/,
    ],
    [
      "a gate that cannot be one",
      "gates:\n  Unit Tests: { command: [x] }\n",
      /gates\.Unit Tests \(line 2\): is no name/,
    ],
    ["a verdict of drover's own", "gates:\n  tampering: { command: [x] }\n", /gates\.tampering \(line 2\)/],
    ["a review by command", "gates:\n  ai_review: { command: [x] }\n", /takes no command/],
    ["a variable of drover's", "gates:\n  lint: { command: [x], env: { DROVER_TOKEN: x } }\n", /DROVER_TOKEN/],
    ["something that is no map", "- a\n- b\n", /the file/],
    [
      "too many aliases",
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [${"*b,".repeat(30)}]\n`,
      /alias/i,
    ],
    ["too much of it", `# ${"x".repeat(70_000)}\n`, /larger than 65536 bytes/],
  ])("with %s is refused, naming the place", async (_name, text, words) => {
    const why = await refusal({ "drover.yaml": text });
    expect(why).toMatch(/^drover\.yaml of the base branch: /);
    expect(why).toMatch(words);
  });

  it("that is a link is refused, and so is a package.json that is none", async () => {
    expect(await refusal({ "drover.yaml": { content: "other.yaml", mode: "120000" } })).toContain("is a symbolic link");
    expect(await refusal({ "package.json": "[1]" })).toContain("not a JSON object");
  });

  it("that is empty says nothing", async () => {
    expect(
      commandsOf(await plan({ "drover.yaml": "# nothing yet\n", ...manifest({ scripts: { lint: "x" } }) })),
    ).toEqual({ lint: "npm run lint" });
  });
});

describe("a gate without a command", () => {
  it("is missing when it was asked for, and says how to configure it", async () => {
    const found = await plan({ "README.md": "" }, { gates: ["lint", "test"], chosenBy: "request" });
    expect(found.settled).toMatchObject([
      { gate: "lint", outcome: "missing", phase: "pre_commit" },
      { gate: "test", outcome: "missing" },
    ]);
    expect(whyHopeless(found)).toContain('Give the gate "lint" a command in drover.yaml on the base branch');
    expect(found.expected).toEqual(["lint", "test"]);
  });

  it("is left out when it only came with the type of the agent, but tests never are", async () => {
    const worker = resolveGates(undefined, "worker");
    if (worker.kind === "refused") throw new Error(worker.why);
    const tested = await plan(manifest({ scripts: { test: "mocha" } }), worker);
    expect(tested.settled.map(({ gate, outcome }) => [gate, outcome])).toEqual([
      ["typecheck", "skipped"],
      ["lint", "skipped"],
      ["coverage", "skipped"],
    ]);
    expect(whyHopeless(tested)).toBeUndefined();
    const untested = await plan(manifest({ scripts: { lint: "eslint ." } }), worker);
    expect(whyHopeless(untested)).toContain('no command for the gate "test"');
  });

  it("nothing is planned where nothing is asked for, and the review is not a command", async () => {
    expect(await plan({ "README.md": "" }, { gates: [], chosenBy: "agent_type" })).toMatchObject({
      expected: [],
      commands: [],
      review: false,
    });
    const reviewed = await plan({ "README.md": "" }, { gates: ["ai_review"], chosenBy: "request" });
    expect(reviewed).toMatchObject({ expected: ["ai_review"], commands: [], settled: [], review: true });
  });
});
