// Which files decide what a gate says, by the tool that reads them?

/** What happens to a change of such a file: `guarded` ones are taken from the base, `watched` ones are shown. */
export interface ConfigKind {
  /** The tool, or the group of tools, that reads it. */
  family: string;
  level: "guarded" | "watched";
}

interface Family extends ConfigKind {
  name: RegExp;
  /** Only where the text says so: a file with another purpose beside. */
  text?: RegExp;
}

const guarded = (family: string, name: RegExp, text?: RegExp): Family => ({
  family,
  level: "guarded",
  name,
  ...(text && { text }),
});

const families: readonly Family[] = [
  guarded("drover", /^drover\.yaml$/),
  guarded("npm", /^(\.npmrc|\.yarnrc(\.yml)?|\.pnpmfile\.[cm]?js)$/),
  guarded("typescript", /^[jt]sconfig(\..+)?\.json$/),
  guarded("eslint", /^(eslint\.config\.[cm]?[jt]s|\.eslintrc(\.\w+)?|\.eslintignore)$/),
  guarded("biome", /^\.?biome\.jsonc?$/),
  guarded("prettier", /^(\.prettierrc(\.\w+)?|prettier\.config\.[cm]?[jt]s|\.prettierignore)$/),
  guarded("vitest", /^vitest\.(config|workspace|projects)(\..+)?\.([cm]?[jt]s|json)$/),
  guarded("vitest", /^vite\.config\.[cm]?[jt]s$/, /vitest|\btest\s*:/),
  guarded("jest", /^jest\.(config|preset)(\..+)?\.([cm]?[jt]s|json)$/),
  guarded("mocha", /^\.mocharc(\.\w+)?$/),
  guarded("coverage", /^(\.nycrc(\.\w+)?|nyc\.config\.[cm]?js|\.c8rc(\.json)?|\.istanbul\.yml|\.coveragerc)$/),
  guarded("playwright", /^(playwright|playwright-ct)\.config\.[cm]?[jt]s$/),
  guarded("cypress", /^cypress\.config\.[cm]?[jt]s$/),
  guarded("ava", /^ava\.config\.[cm]?js$/),
  guarded("tap", /^\.taprc$/),
  guarded("python", /^(pytest\.ini|\.flake8|\.pylintrc|mypy\.ini|\.?ruff\.toml|tox\.ini)$/),
  guarded("go", /^\.golangci\.(ya?ml|toml|json)$/),
  guarded("rust", /^\.?(clippy|rustfmt)\.toml$/),
  guarded("ruby", /^(\.rspec|\.rubocop\.yml)$/),
  guarded("php", /^(phpunit\.xml(\.dist)?|phpstan\.neon(\.dist)?)$/),
  {
    family: "build",
    level: "watched",
    name: /^(Makefile|justfile|Taskfile\.ya?ml|turbo\.json|nx\.json|lerna\.json|pnpm-workspace\.yaml)$/,
  },
  {
    family: "hooks",
    level: "watched",
    name: /^(lefthook\.ya?ml|\.pre-commit-config\.yaml|\.lintstagedrc(\.\w+)?|CODEOWNERS|\.gitattributes|\.gitmodules)$/,
  },
  { family: "ignore", level: "watched", name: /^\.gitignore$/ },
];

const watchedFolders =
  /^(\.github\/(workflows|actions)\/|\.circleci\/|\.husky\/|\.gitlab-ci\.yml$|azure-pipelines\.yml$|Jenkinsfile$)/;

export function findConfigKind(path: string, texts: readonly (string | undefined)[]): ConfigKind | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const family = families.find((one) => one.name.test(name) && matchesText(one, texts));
  if (family) return { family: family.family, level: family.level };
  return watchedFolders.test(path) ? { family: "ci", level: "watched" } : undefined;
}

/** A file whose text cannot be seen may say anything. */
function matchesText({ text: pattern }: Family, texts: readonly (string | undefined)[]): boolean {
  return pattern === undefined || texts.some((text) => text === undefined || pattern.test(text));
}

/** A tool's file that does nothing until another one names it. */
export const isInert = (path: string): boolean => /(^|\/)tsconfig\..+\.json$/.test(path);

/** Sections of a file that holds other things as well: `[tool.pytest.ini_options]`, by their heads. */
const guardedSections: Readonly<Record<string, RegExp>> = {
  "pyproject.toml": /^tool\.(?!poetry|pdm|uv|hatch|setuptools|flit)/,
  "setup.cfg": /^(?!metadata|options)/,
  "Cargo.toml": /^(lints|workspace\.lints)/,
};

/** Heads of guarded sections that differ; undefined for a file that has none. */
export function compareSections(path: string, before: string, after: string): string[] | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const pattern = Object.hasOwn(guardedSections, name) ? guardedSections[name] : undefined;
  if (!pattern) return undefined;
  const [old, now] = [readSections(before, pattern), readSections(after, pattern)];
  return [...old].filter(([head, body]) => now.get(head) !== body).map(([head]) => head);
}

function readSections(text: string, pattern: RegExp): Map<string, string> {
  const sections = new Map<string, string>();
  let head = "";
  for (const line of text.split("\n")) {
    head = /^\s*\[{1,2}([^\][]+)\]/.exec(line)?.[1]?.trim() ?? head;
    if (pattern.test(head)) sections.set(head, `${sections.get(head) ?? ""}${line.trimEnd()}\n`);
  }
  return sections;
}
