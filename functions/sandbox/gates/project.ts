// What kind of project is it: which package manager, which scripts, which tools?
import { lastCommand, recogniseTool, type Tool } from "./tools.ts";

export interface Project {
  manager: "npm" | "pnpm" | "yarn";
  scripts: Readonly<Record<string, string>>;
  /** Names of everything that package.json depends on. */
  dependencies: ReadonlySet<string>;
  /** Paths of the whole tree. */
  paths: ReadonlySet<string>;
  /** Of TypeScript, in tsconfig.json. */
  hasReferences: boolean;
  /** What installs the dependencies, each in the root of the tree. */
  setup: string[][];
}

/** Other package managers than npm are not in the room; they come into this folder beside the tree, by npm. */
export const toolsFolder = "tools";

const lockfiles = ["package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock"] as const;
export type Lockfile = (typeof lockfiles)[number];

export interface ProjectFiles {
  paths: ReadonlySet<string>;
  /** The text of package.json in the root. */
  manifest: string;
  lockfile?: { name: Lockfile; text: string } | undefined;
  tsconfig?: string | undefined;
}

export const findLockfile = (paths: ReadonlySet<string>): Lockfile | undefined =>
  lockfiles.find((name) => paths.has(name));

/** Undefined when package.json cannot be read as one. */
export function readProject({ paths, manifest, lockfile, tsconfig = "" }: ProjectFiles): Project | undefined {
  const fields = parseObject(manifest);
  if (!fields) return undefined;
  const dependencies = new Set(
    ["dependencies", "devDependencies", "optionalDependencies"].flatMap((name) => Object.keys(asObject(fields[name]))),
  );
  const manager = lockfile?.name === "pnpm-lock.yaml" ? "pnpm" : lockfile?.name === "yarn.lock" ? "yarn" : "npm";
  return {
    manager,
    scripts: Object.fromEntries(Object.entries(asObject(fields.scripts)).filter(isText)),
    dependencies,
    paths,
    hasReferences: /"references"\s*:/.test(tsconfig),
    setup: dependencies.size === 0 && !lockfile ? [] : planSetup(manager, lockfile, fields.packageManager),
  };
}

/** More arguments reach the last command of a script; npm wants them set apart from its own. */
export function runScript({ manager }: Project, name: string, more: readonly string[]): string[] {
  const mark = manager === "npm" && more.length > 0 ? ["--"] : [];
  return [manager, "run", name, ...mark, ...more];
}

export function runTool({ manager }: Project, tool: string): string[] {
  return manager === "yarn" ? ["yarn", "run", tool] : [`node_modules/.bin/${tool}`];
}

/** `npm test`, `pnpm run lint`, `yarn lint`: the script that a command starts and nothing more. */
export function scriptOf({ scripts }: Project, words: readonly string[]): string | undefined {
  const [program = "", ...rest] = words;
  if (!["npm", "pnpm", "yarn"].includes(program)) return undefined;
  const [name, ...more] = rest[0] === "run" || rest[0] === "run-script" ? rest.slice(1) : rest;
  return name !== undefined && more.length === 0 && Object.hasOwn(scripts, name) ? name : undefined;
}

export interface ScriptTool {
  tool: Tool | undefined;
  words: string[];
  /** The script starts another one, so that arguments do not get through. */
  indirect: boolean;
}

/** What the script ends in, through scripts that only start others. */
export function toolOfScript(project: Project, name: string): ScriptTool {
  const seen = new Set([name]);
  for (let current = name; ; ) {
    const words = lastCommand(project.scripts[current] ?? "") ?? [];
    const next = scriptOf(project, words);
    if (next === undefined || seen.has(next)) return { tool: recogniseTool(words), words, indirect: seen.size > 1 };
    seen.add(next);
    current = next;
  }
}

function planSetup(manager: Project["manager"], lockfile: ProjectFiles["lockfile"], wanted: unknown): string[][] {
  const quiet = ["--no-audit", "--no-fund"];
  if (manager === "npm")
    return [lockfile ? ["npm", "ci", ...quiet] : ["npm", "install", "--no-package-lock", ...quiet]];
  const text = lockfile?.text ?? "";
  const named = typeof wanted === "string" ? /^(pnpm|yarn)@(\d+[\w.-]*)/.exec(wanted) : null;
  const version = named?.[1] === manager ? named[2] : undefined;
  const spec = manager === "pnpm" ? `pnpm@${version ?? pnpmFor(text)}` : yarnFor(text, version);
  const get = ["npm", "install", "--global", "--prefix", `../${toolsFolder}`, ...quiet, spec];
  const isClassic = spec.startsWith("yarn@");
  return [get, [manager, "install", manager === "pnpm" || isClassic ? "--frozen-lockfile" : "--immutable"]];
}

/** The newest major version that writes this format of lockfile. */
function pnpmFor(lockfile: string): string {
  const format = /^lockfileVersion: '?(\d+)/m.exec(lockfile)?.[1];
  return format === "5" ? "7" : format === "6" ? "8" : "10";
}

/** From its second version on, yarn is published under another name. */
function yarnFor(lockfile: string, version: string | undefined): string {
  const major = version === undefined ? (lockfile.includes("__metadata:") ? "4" : "1") : version;
  return Number.parseInt(major, 10) >= 2 ? `@yarnpkg/cli-dist@${major}` : `yarn@${major}`;
}

export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text.replace(/^\ufeff/, ""));
    return value !== null && typeof value === "object" && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    // Whoever reads such a file next will say so.
    return undefined;
  }
}

export const asObject = (value: unknown): Record<string, unknown> =>
  value !== null && typeof value === "object" ? { ...value } : {};

const isText = (entry: [string, unknown]): entry is [string, string] => typeof entry[1] === "string";
