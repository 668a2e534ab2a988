// Which changes weaken the gates, and which are fine?
import { describe, expect, it } from "vitest";
import { composeTree } from "../../../functions/sandbox/gates/compose-tree.ts";
import { readChanges } from "../../../functions/sandbox/gates/tampering/changes.ts";
import { findTampering, type Tampering } from "../../../functions/sandbox/gates/tampering/find-tampering.ts";
import { json, makeRepository } from "./repository.ts";

type Files = Parameters<typeof makeRepository>[0];
type Changes = Parameters<ReturnType<typeof makeRepository>["commit"]>[0];
interface Options {
  guarded?: string[];
  allowed?: string[];
}

const manifest = {
  name: "shop",
  scripts: {
    test: "npm run unit && npm run types",
    unit: "vitest run",
    types: "tsc",
    start: "node .",
    bench: "node bench",
  },
  devDependencies: { vitest: "5.0.0", eslint: "10.0.0" },
  jest: { verbose: true },
};
const testText = `import { expect, it } from "vitest";
it("adds", () => { expect(add(1, 1)).toBe(2); expect(add(2, 2)).toBe(4); });
it("takes away", () => { expect(sub(2, 1)).toBe(1); });
`;
const lockfile = (more: object = {}) =>
  json({
    lockfileVersion: 3,
    packages: { "node_modules/a": { resolved: "https://packages.test/a/-/a-1.tgz", integrity: "sha512-a" }, ...more },
  });
const start: Files = {
  "package.json": json(manifest),
  "package-lock.json": lockfile(),
  "vitest.config.ts": "export default { test: { include: ['test/**'] } };\n",
  "tsconfig.json": '{ "compilerOptions": { "strict": true } }\n',
  "eslint.config.mjs": "export default [];\n",
  ".gitignore": "node_modules\n",
  "scripts/check.sh": "exit 1\n",
  "src/add.ts": "export const add = (a, b) => a + b;\n",
  "src/old.ts": "// eslint-disable-next-line no-var\nvar x = 1;\n",
  "test/add.test.ts": testText,
  "test/bare.test.ts": 'it("runs", () => run());\n',
  "pyproject.toml": '[project]\ndependencies = []\n\n[tool.pytest.ini_options]\naddopts = "-q"\n',
};
const base = makeRepository(start);

async function tamper(changes: Changes, { guarded = [], allowed = [] }: Options = {}): Promise<Tampering> {
  return findTampering({
    changes: await readChanges(base.repository, base.base, base.commit(changes)),
    basePaths: new Set(Object.keys(start)),
    baseManifest: json(manifest),
    guarded,
    allowed,
  });
}

const at = async (level: "blocked" | "flagged", changes: Changes, options: Options = {}) =>
  (await tamper(changes, options)).findings
    .filter((finding) => finding.level === level)
    .map(({ path, what }) => `${path}: ${what}`);
const pack = (change: object) => ({ "package.json": json({ ...manifest, ...change }) });
const scripts = (change: object) => pack({ scripts: { ...manifest.scripts, ...change } });

describe("blocked is", () => {
  it.each<[string, Changes, RegExp]>([
    ["a gate's script that is changed", scripts({ test: "true" }), /^package\.json: the script "test" was changed$/],
    ["a script that a gate starts", scripts({ types: "true" }), /the script "types" was changed/],
    ["a gate's script that is removed", scripts({ unit: undefined }), /the script "unit" was removed/],
    ["a hook around a gate", scripts({ pretest: "rm -r test" }), /the script "pretest" was added/],
    [
      "a script that runs at every install",
      scripts({ postinstall: "node patch.mjs" }),
      /the script "postinstall" was added/,
    ],
    ["the settings of a tool in package.json", pack({ jest: {} }), /the settings "jest" were changed/],
    ["settings that were not there", pack({ vitest: { passWithNoTests: true } }), /the settings "vitest" were added/],
    [
      "a dependency from elsewhere",
      pack({ devDependencies: { ...manifest.devDependencies, vitest: "file:./fake" } }),
      /"vitest" was made "file:\.\/fake"/,
    ],
    [
      "a dependency under another's name",
      pack({ devDependencies: { ...manifest.devDependencies, vitest: "npm:fake@1" } }),
      /"vitest" was made "npm:fake@1"/,
    ],
    ["package.json as a link", { "package.json": { content: "other.json", mode: "120000" } }, /was made a link/],
    ["package.json deleted", { "package.json": undefined }, /package\.json: was deleted/],
    [
      "a tool's configuration",
      { "vitest.config.ts": "export default {};\n" },
      /vitest\.config\.ts: was changed, and it configures gates \(vitest\)/,
    ],
    ["a tool's configuration deleted", { "tsconfig.json": undefined }, /tsconfig\.json: was deleted/],
    ["a second configuration of a tool", { "test/.eslintrc.json": "{}\n" }, /test\/\.eslintrc\.json: was added/],
    [
      "a configuration of a tool that only package.json names",
      { "jest.config.js": "module.exports = { testMatch: [] };\n" },
      /jest\.config\.js: was added/,
    ],
    [
      "vite's configuration when it speaks of tests",
      { "vite.config.ts": "export default { test: {} }\n" },
      /vite\.config\.ts: was added/,
    ],
    [
      "settings of the package manager",
      { ".npmrc": "registry=https://elsewhere.test/\n" },
      /\.npmrc: was added, and it configures the package manager/,
    ],
    [
      "a section of pyproject.toml",
      { "pyproject.toml": '[project]\ndependencies = []\n[tool.pytest.ini_options]\naddopts = "-k nothing"\n' },
      /the section \[tool\.pytest\.ini_options\] was changed/,
    ],
    [
      "an installed package in the tree",
      { "node_modules/vitest/index.js": "process.exit(0)\n" },
      /lies where installed packages are/,
    ],
    [
      "a lockfile that points elsewhere",
      {
        "package-lock.json": lockfile({
          "node_modules/b": { resolved: "https://elsewhere.test/b.tgz", integrity: "x" },
        }),
      },
      /takes packages from https:\/\/elsewhere\.test/,
    ],
    [
      "a lockfile that points into the tree",
      { "package-lock.json": lockfile({ "node_modules/b": { resolved: "file:fake", integrity: "x" } }) },
      /takes packages from file:fake/,
    ],
    [
      "a lockfile that puts one package in another's place",
      {
        "package-lock.json": lockfile({
          "node_modules/vitest": { name: "fake", resolved: "https://packages.test/fake.tgz", integrity: "x" },
        }),
      },
      /has put the package "fake" in the place of node_modules\/vitest/,
    ],
    [
      "a lockfile without a checksum",
      { "package-lock.json": lockfile({ "node_modules/b": { resolved: "https://packages.test/b.tgz" } }) },
      /has no checksum for node_modules\/b/,
    ],
    [
      "a test file deleted",
      { "test/add.test.ts": undefined },
      /test\/add\.test\.ts: was deleted with its tests: "adds" and 1 more/,
    ],
    ["a test file emptied", { "test/add.test.ts": "export {};\n" }, /has no tests left/],
    [
      "a test file made a link",
      { "test/add.test.ts": { content: "../src/add.ts", mode: "120000" } },
      /has no tests left/,
    ],
    [
      "a test skipped",
      { "test/add.test.ts": testText.replace('it("adds"', 'it.skip("adds"') },
      /has 1 more tests that are skipped/,
    ],
    [
      "a test marked as to do",
      { "test/add.test.ts": testText.replace("() => { expect(sub", "{ todo: true }, () => { expect(sub") },
      /skipped/,
    ],
    [
      "a test run alone",
      { "test/add.test.ts": testText.replace('it("adds"', 'it.only("adds"') },
      /has 1 more tests that are run alone/,
    ],
    [
      "a test run alone in a new file",
      { "test/new.test.ts": 'it.only("x", () => expect(1 + 1).toBe(2));\n' },
      /run alone/,
    ],
    [
      "tests without assertions",
      { "test/add.test.ts": 'it("adds", () => { add(1, 1); });\nit("takes away", () => {});\n' },
      /no assertions any more/,
    ],
    [
      "eslint-disable",
      { "src/add.ts": "/* eslint-disable */\nexport const add = 1;\n" },
      /src\/add\.ts: has 1 more of eslint-disable/,
    ],
    [
      "eslint-disable with a reason for a whole file",
      { "src/add.ts": "/* eslint-disable no-var -- it is old code */\nexport const add = 1;\n" },
      /eslint-disable/,
    ],
    [
      "eslint-disable for a line, of all rules",
      { "src/add.ts": "// eslint-disable-next-line\nexport const add = 1;\n" },
      /eslint-disable/,
    ],
    [
      "eslint-disable for a line, without a reason",
      { "src/add.ts": "// eslint-disable-next-line no-var\nexport const add = 1;\n" },
      /eslint-disable/,
    ],
    [
      "biome-ignore for a whole file",
      { "src/add.ts": "// biome-ignore-all lint/style/noVar: it is old code\nexport const add = 1;\n" },
      /biome-ignore/,
    ],
    ["biome-ignore", { "src/add.ts": "// biome-ignore lint: -\nexport const add = 1;\n" }, /biome-ignore/],
    ["@ts-ignore", { "src/add.ts": "// @ts-ignore\nexport const add = 1;\n" }, /@ts-ignore/],
    [
      "@ts-expect-error outside of tests",
      { "src/add.ts": "// @ts-expect-error\nexport const add = 1;\n" },
      /@ts-expect-error/,
    ],
    [
      "code hidden from the coverage",
      { "src/new.ts": "/* istanbul ignore next */\nexport const x = 1;\n" },
      /an ignore for coverage/,
    ],
  ])("%s", async (_name, changes, words) => {
    const blocked = await at("blocked", changes);
    expect(blocked).toHaveLength(1);
    expect(blocked[0]).toMatch(words);
  });

  it("what gates run, and what drover.yaml names", async () => {
    expect(await at("blocked", { "scripts/check.sh": "exit 0\n" })).toEqual([]);
    const guarded = ["scripts/"];
    expect(await at("blocked", { "scripts/check.sh": "exit 0\n" }, { guarded })).toEqual([
      "scripts/check.sh: was changed, and it decides what a gate says",
    ]);
  });

  it("nothing that people have allowed for the task; it is shown all the same", async () => {
    const changes = {
      "vitest.config.ts": "export default {};\n",
      "tsconfig.json": "{}\n",
      "test/add.test.ts": undefined,
    };
    const allowed = ["vitest.config.ts", "test/"];
    expect(await at("blocked", changes, { allowed })).toEqual([expect.stringMatching(/^tsconfig\.json/)]);
    const flagged = await at("flagged", changes, { allowed });
    expect(flagged).toHaveLength(2);
    for (const line of flagged) expect(line).toContain("(allowed for this task)");
    expect(await at("blocked", changes, { allowed: ["**"] })).toEqual([]);
  });
});

describe("flagged, for people to see, is", () => {
  it.each<[string, Changes, RegExp]>([
    ["a tool that was not there before", { "biome.json": "{}\n" }, /biome\.json: was added.*there was none before/],
    ["a configuration for new code only", { "packages/new/tsconfig.json": "{}\n" }, /packages\/new\/tsconfig\.json/],
    ["a configuration that nothing names", { "tsconfig.build.json": "{}\n" }, /tsconfig\.build\.json/],
    ["a pipeline", { ".github/workflows/ci.yml": "on: push\n" }, /ci\.yml: was added/],
    ["what git ignores", { ".gitignore": "src\n" }, /\.gitignore: was changed/],
    ["an override of a dependency", pack({ overrides: { a: "2" } }), /"overrides" was changed/],
    [
      "a package with an install script",
      {
        "package-lock.json": lockfile({
          "node_modules/b": { resolved: "https://packages.test/b.tgz", integrity: "x", hasInstallScript: true },
        }),
      },
      /runs a script of its own/,
    ],
    [
      "fewer assertions",
      { "test/add.test.ts": testText.replace("expect(add(2, 2)).toBe(4);", "") },
      /has 1 assertions less/,
    ],
    [
      "an assertion that always holds",
      { "test/add.test.ts": testText.replace("expect(add(2, 2)).toBe(4)", "expect(true).toBe(true)") },
      /hold whatever the code does/,
    ],
    [
      "a test to be written in a new file",
      { "test/new.test.ts": 'it.todo("more");\nit("x", () => expect(f()).toBe(2));\n' },
      /skipped/,
    ],
    [
      "eslint-disable for a line that names its rule and says why",
      { "src/add.ts": "// eslint-disable-next-line no-var -- the parser needs it\nexport const add = 1;\n" },
      /eslint-disable/,
    ],
    [
      "biome-ignore that names its rule and says why",
      { "src/add.ts": "// biome-ignore lint/style/noVar: the parser needs it\nexport const add = 1;\n" },
      /biome-ignore/,
    ],
    [
      "@ts-expect-error that says why",
      { "src/add.ts": "// @ts-expect-error the types of x are wrong\nexport const add = 1;\n" },
      /@ts-expect-error/,
    ],
    [
      "a test that runs on a condition",
      { "test/add.test.ts": testText.replace('it("adds"', 'it.skipIf(windows)("adds"') },
      /run on a condition/,
    ],
    ["@ts-expect-error in a test", { "test/add.test.ts": `// @ts-expect-error\n${testText}` }, /@ts-expect-error/],
  ])("%s", async (_name, changes, words) => {
    expect(await at("blocked", changes)).toEqual([]);
    expect((await at("flagged", changes)).join("\n")).toMatch(words);
  });
});

describe("nothing is said of", () => {
  it.each<[string, Changes]>([
    ["code", { "src/add.ts": "export const add = (a, b) => b + a;\n" }],
    [
      "new tests",
      {
        "test/add.test.ts": `${testText}it("more", () => { expect(3).toBe(add(1, 2)); });\n`,
        "test/sub.test.ts": testText,
      },
    ],
    ["a test file under another name", { "test/add.test.ts": undefined, "test/sums.test.ts": testText }],
    [
      "a test file divided into two",
      {
        "test/add.test.ts": undefined,
        "test/a.test.ts": testText.replace(/it\("takes.*\n/, ""),
        "test/b.test.ts": testText.replace(/it\("adds.*\n/, ""),
      },
    ],
    ["a script that is no gate", scripts({ start: "node main.mjs", seed: "node seed.mjs" })],
    ["a gate where there was none", scripts({ coverage: "vitest run --coverage", lint: "eslint ." })],
    ["a dependency of the registry", pack({ dependencies: { zod: "^4" } })],
    ["a dependency within the repository", pack({ dependencies: { core: "workspace:*" } })],
    [
      "a package from where the others come from",
      {
        "package-lock.json": lockfile({
          "node_modules/b": { resolved: "https://packages.test/b.tgz", integrity: "x" },
        }),
      },
    ],
    ["a lockfile that is new", { "pnpm-lock.yaml": "lockfileVersion: '9.0'\n" }],
    ["vite's configuration when it is about the build", { "vite.config.ts": "export default { build: {} }\n" }],
    [
      "a dependency in pyproject.toml",
      { "pyproject.toml": '[project]\ndependencies = ["x"]\n\n[tool.pytest.ini_options]\naddopts = "-q"\n' },
    ],
    [
      "a comment that moved with its code",
      { "src/old.ts": undefined, "src/moved.ts": "// eslint-disable-next-line no-var\nvar x = 1;\n" },
    ],
    ["words about linters in a string", { "src/add.ts": 'export const words = ["eslint-disable", "@ts-ignore"];\n' }],
    [
      "the names that npm gives to the root and to workspaces in its lockfile",
      {
        "package-lock.json": lockfile({
          "": { name: "shop" },
          "packages/core": { name: "@shop/core" },
          "node_modules/@shop/core": { resolved: "packages/core", link: true },
        }),
      },
    ],
    ["words about linters in a text", { "README.md": "Use eslint-disable with care.\n" }],
    [
      "a new package with its own scripts",
      { "packages/new/package.json": json({ name: "new", scripts: { test: "vitest run" }, jest: {} }) },
    ],
  ])("%s", async (_name, changes) => expect((await tamper(changes)).findings).toEqual([]));
});

describe("the clean room", () => {
  async function compose(changes: Changes, options: Options = {}) {
    const { repairs } = await tamper(changes, options);
    const commit = base.commit(changes);
    const files = new Map<string, string>();
    for await (const file of composeTree({
      repository: base.repository,
      base: base.base,
      commit,
      repairs,
      folder: "tree",
    })) {
      files.set(file.path.replace(/^tree\//, ""), file.content.toString());
    }
    return files;
  }

  it("has the commit's files, and the base's where they decide what gates say", async () => {
    const files = await compose({
      "src/add.ts": "new\n",
      "vitest.config.ts": "weak\n",
      "tsconfig.json": undefined,
      ".npmrc": "registry=https://elsewhere.test\n",
      ".gitignore": "src\n",
      ...pack({
        scripts: { ...manifest.scripts, test: "true", pretest: "x", seed: "y" },
        dependencies: { zod: "4" },
        jest: {},
        nyc: {},
      }),
    });
    expect(files.get("src/add.ts")).toBe("new\n");
    for (const path of ["vitest.config.ts", "tsconfig.json", ".gitignore"]) expect(files.get(path)).toBe(start[path]);
    expect(files.has(".npmrc")).toBe(false);
    expect(JSON.parse(files.get("package.json") ?? "")).toEqual({
      ...manifest,
      scripts: { ...manifest.scripts, seed: "y" },
      dependencies: { zod: "4" },
    });
  });

  it("has the commit's version of what people have allowed", async () => {
    const files = await compose(
      { "vitest.config.ts": "allowed\n", ...scripts({ test: "x" }) },
      { allowed: ["vitest.config.ts", "package.json"] },
    );
    expect(files.get("vitest.config.ts")).toBe("allowed\n");
    expect(JSON.parse(files.get("package.json") ?? "").scripts.test).toBe("x");
  });

  it("puts a file back even where the commit has made a folder of its path, or a file of its folder", async () => {
    const files = await compose(
      {
        "vitest.config.ts": undefined,
        "vitest.config.ts/evil.js": "x\n",
        scripts: "a file now\n",
        "scripts/check.sh": undefined,
      },
      { guarded: ["scripts/"] },
    );
    expect(files.get("vitest.config.ts")).toBe(start["vitest.config.ts"]);
    expect(files.get("scripts/check.sh")).toBe("exit 1\n");
    expect(files.has("vitest.config.ts/evil.js")).toBe(false);
    expect(files.has("scripts")).toBe(false);
  });
});

it.each([
  "test.".repeat(1_000_000),
  'expect("'.repeat(500_000),
  "it(".repeat(1_000_000),
  " ".repeat(4_000_000),
  "[".repeat(3_000_000),
  "/".repeat(4_000_000),
  "// eslint-disable-line x ".repeat(150_000),
  `// biome-ignore lint ${":".repeat(4_000_000)}`,
  "# type: ignore[ ".repeat(200_000),
  "https://a".repeat(400_000),
])("hostile text of megabytes (%#) is looked through in no time worth speaking of", (text) => {
  const side = (oid: string, content: string) => ({ oid, isLink: false, text: content });
  const paths = ["test/a.test.ts", "src/a.ts", "package.json", "package-lock.json", "pyproject.toml"];
  const changes = paths.map((path) => ({ path, before: side("1", "{}"), after: side("2", text) }));
  const startedAt = performance.now();
  findTampering({ changes, basePaths: new Set(paths), baseManifest: "{}", guarded: [], allowed: [] });
  expect(performance.now() - startedAt).toBeLessThan(20_000);
});
