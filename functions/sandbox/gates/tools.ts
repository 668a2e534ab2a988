// Which known tool does a command start, and how is it made to report and to be strict?

export type Tool = "vitest" | "jest" | "mocha" | "node_test" | "eslint" | "biome";

/** What a command gets beside its own words so that its outcome can be read. */
export interface Extra {
  arguments: string[];
  env: Record<string, string>;
  /** Relative to where the command runs. */
  report?: string;
}

export const reportPaths = {
  json: ".drover-report.json",
  junit: ".drover-report.xml",
  lcov: ".drover-coverage.info",
} as const;
const coverageFolder = "coverage";
export const usualCoverageReports = [`${coverageFolder}/coverage-summary.json`, `${coverageFolder}/lcov.info`];

const launchers = new Set(["npx", "bunx", "cross-env", "pnpm", "yarn", "exec", "--no-install", "--no", "--yes", "-y"]);
const byProgram = new Map<string, Tool>([
  ["vitest", "vitest"],
  ["jest", "jest"],
  ["mocha", "mocha"],
  ["eslint", "eslint"],
  ["biome", "biome"],
]);

/** The words of the last simple command of a shell line; undefined where more words would not reach it. */
export function lastCommand(line: string): string[] | undefined {
  const last = line.split(/&&|;/).at(-1)?.trim() ?? "";
  if (last === "" || /[|<>&$`(){}\\\n]/.test(last)) return undefined;
  return [...last.matchAll(/"([^"]*)"|'([^']*)'|[^\s"']+/g)].map(([word, double, single]) => double ?? single ?? word);
}

export function recogniseTool(words: readonly string[]): Tool | undefined {
  const [program = "", ...rest] = stripLauncher(words);
  const name = program.split("/").at(-1) ?? "";
  if (name === "node") return rest.includes("--test") ? "node_test" : undefined;
  // A wrapper that measures: whatever follows its own options.
  if (name === "c8" || name === "nyc")
    return recogniseTool(rest.slice(rest.findIndex((word) => !word.startsWith("-"))));
  return byProgram.get(name);
}

/** `FOO=1 npx --no-install jest --ci` starts `jest --ci`. */
export function stripLauncher(words: readonly string[]): string[] {
  const start = words.findIndex((word) => !launchers.has(word) && !/^[A-Za-z_][A-Za-z0-9_]*=/.test(word));
  return start < 0 ? [] : words.slice(start);
}

export function reportTests(tool: Tool | undefined, words: readonly string[]): Extra | undefined {
  const { json, junit } = reportPaths;
  switch (tool) {
    case "vitest":
      return withArguments(["--reporter=default", "--reporter=json", `--outputFile.json=${json}`], json);
    case "jest":
      return withArguments(["--json", `--outputFile=${json}`], json);
    case "mocha":
      return withArguments(["--reporter", "json", "--reporter-option", `output=${json}`], json);
    case "node_test":
      // After the first file node reads no options any more, so they come by the environment.
      return {
        arguments: [],
        env: { NODE_OPTIONS: withReporter(words, "junit", junit).join(" ") },
        report: junit,
      };
    default:
      return undefined;
  }
}

export function measureCoverage(tool: Tool | undefined): Extra | undefined {
  const [summary] = usualCoverageReports;
  const both = (option: string) => ["text", "json-summary"].map((reporter) => `${option}=${reporter}`);
  switch (tool) {
    case "vitest": {
      const options = [
        "--coverage.enabled",
        ...both("--coverage.reporter"),
        `--coverage.reportsDirectory=${coverageFolder}`,
      ];
      return withArguments(options, summary);
    }
    case "jest":
      return withArguments(
        ["--coverage", ...both("--coverageReporters"), `--coverageDirectory=${coverageFolder}`],
        summary,
      );
    default:
      return undefined;
  }
}

/** Whatever `node --test` is given, with a measurement in front of it: it has no other way in. */
export function measureNodeTest(words: readonly string[]): string[] {
  const [node = "node", ...rest] = stripLauncher(words);
  return [node, "--experimental-test-coverage", ...withReporter(rest, "lcov", reportPaths.lcov), ...rest];
}

export function failOnWarnings(tool: Tool | undefined, words: readonly string[]): Extra | undefined {
  if (tool === "eslint" && !words.some((word) => word.startsWith("--max-warnings"))) {
    return withArguments(["--max-warnings", "0"]);
  }
  if (tool === "biome" && !words.includes("--error-on-warnings")) return withArguments(["--error-on-warnings"]);
  return undefined;
}

function withArguments(words: string[], report?: string): Extra {
  return { arguments: words, env: {}, ...(report !== undefined && { report }) };
}

/** Beside what people read. A reporter of the command's own needs a destination now, since node wants one for each. */
function withReporter(words: readonly string[], name: string, file: string): string[] {
  const has = (option: string) => words.some((word) => word === option || word.startsWith(`${option}=`));
  const [reporter, destination] = ["--test-reporter", "--test-reporter-destination"] as const;
  const ours = [`${reporter}=${name}`, `${destination}=${file}`];
  if (!has(reporter)) return [`${reporter}=spec`, `${destination}=stdout`, ...ours];
  return has(destination) ? ours : [...ours, `${destination}=stdout`];
}
