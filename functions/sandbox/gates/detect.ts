// Which command is a gate, when the repository does not say so in drover.yaml?
import { type Project, runScript, runTool, scriptOf, toolOfScript } from "./project.ts";
import {
  type Extra,
  failOnWarnings,
  measureCoverage,
  measureNodeTest,
  recogniseTool,
  reportPaths,
  reportTests,
  type Tool,
  usualCoverageReports,
} from "./tools.ts";

export interface Detected {
  argv: string[];
  env: Record<string, string>;
  /** Where it may leave its report, most likely first. */
  reports: string[];
  /** For people: what was found, where. */
  origin: string;
}

interface Settings {
  gate: string;
  /** A linter's warnings are left alone. */
  warningsAllowed: boolean;
}

/** Scripts that go by the name of a gate; a custom gate is a script of its own name. */
const scriptNames = new Map([
  ["typecheck", ["typecheck", "type-check"]],
  ["coverage", ["coverage", "test:coverage"]],
  ["integration", ["integration", "test:integration"]],
]);

/** What `npm init` writes: a script that is none. */
const placeholder = /no test specified/;

export function detectGate(project: Project, settings: Settings): Detected | undefined {
  const names = scriptNames.get(settings.gate) ?? [settings.gate];
  const script = names.find(
    (name) => Object.hasOwn(project.scripts, name) && !placeholder.test(project.scripts[name] ?? ""),
  );
  return script === undefined ? detectTool(project, settings) : useScript(project, script, settings);
}

/** A command from drover.yaml: as it is written, and with what makes its outcome readable where its tool is known. */
export function useCommand(project: Project | undefined, words: readonly string[], settings: Settings): Detected {
  const origin = "drover.yaml";
  const script = project && scriptOf(project, words);
  if (project && script !== undefined) return { ...useScript(project, script, settings), origin };
  const extra = findExtra(recogniseTool(words), words, settings);
  return describe([...words, ...(extra?.arguments ?? [])], extra, settings, origin);
}

function useScript(project: Project, name: string, settings: Settings): Detected {
  const { tool, words, indirect } = toolOfScript(project, name);
  const found = findExtra(tool, words, settings);
  const extra = indirect && found?.arguments.length ? undefined : found;
  const argv = runScript(project, name, extra?.arguments ?? []);
  return describe(argv, extra, settings, `the script "${name}" of package.json`);
}

function findExtra(
  tool: Tool | undefined,
  words: readonly string[],
  { gate, warningsAllowed }: Settings,
): Extra | undefined {
  if (gate === "lint") return warningsAllowed ? undefined : failOnWarnings(tool, words);
  if (gate === "coverage") return measureCoverage(tool);
  return gate === "test" || gate === "integration" ? reportTests(tool, words) : undefined;
}

function describe(argv: string[], extra: Extra | undefined, { gate }: Settings, origin: string): Detected {
  const own = extra?.report === undefined ? [] : [extra.report];
  const reports = gate === "coverage" ? [...new Set([...own, ...usualCoverageReports])] : own;
  return { argv, env: extra?.env ?? {}, reports, origin };
}

function detectTool(project: Project, settings: Settings): Detected | undefined {
  const { dependencies, paths, scripts } = project;
  const has = (pattern: RegExp) => [...paths].some((path) => pattern.test(path));
  const use = (name: string, words: readonly string[], origin: string): Detected => {
    const extra = findExtra(recogniseTool([name]), words, settings);
    return describe([...runTool(project, name), ...words, ...(extra?.arguments ?? [])], extra, settings, origin);
  };
  switch (settings.gate) {
    case "typecheck":
      // With project references, tsc looks at nothing else than they say: only the project knows how it is checked.
      if (project.hasReferences || !paths.has("tsconfig.json") || !dependencies.has("typescript")) return undefined;
      return use("tsc", ["--noEmit", "--pretty", "false"], "tsconfig.json");
    case "lint":
      if (has(/^biome\.jsonc?$/) && dependencies.has("@biomejs/biome"))
        return use("biome", ["check", "."], "biome.json");
      if (has(/^(eslint\.config\.[cm]?[jt]s|\.eslintrc(\..+)?)$/) && dependencies.has("eslint")) {
        return use("eslint", ["."], "the configuration of eslint");
      }
      return undefined;
    case "test":
      if (dependencies.has("vitest")) return use("vitest", ["run"], "the dependency vitest");
      return dependencies.has("jest") ? use("jest", [], "the dependency jest") : undefined;
    case "coverage": {
      const measures = ["@vitest/coverage-v8", "@vitest/coverage-istanbul"].some((name) => dependencies.has(name));
      if (dependencies.has("vitest") && measures) return use("vitest", ["run"], "the dependency vitest");
      if (dependencies.has("jest")) return use("jest", [], "the dependency jest");
      return scripts.test === undefined ? undefined : measureTestScript(project);
    }
    default:
      return undefined;
  }
}

function measureTestScript(project: Project): Detected | undefined {
  const { tool, words } = toolOfScript(project, "test");
  if (tool !== "node_test" || words.some((word) => /^(c8|nyc)$/.test(word))) return undefined;
  return {
    argv: measureNodeTest(words),
    env: {},
    reports: [reportPaths.lcov],
    origin: 'the script "test" of package.json',
  };
}
