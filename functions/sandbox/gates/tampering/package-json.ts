// How may a package.json change without touching what the gates say, and what is left of one that does?
import { asObject, parseObject } from "../project.ts";

export interface PackageChange {
  blocked: string[];
  flagged: string[];
  /** The new package.json with the base's gates in it. */
  repaired: string;
}

/** Scripts that gates are, or may be made of; a hook stands before or after any of them. */
const gateScript =
  /^(pre|post)?(type-?check|tsc|lint|format|check|tests?|spec|unit|e2e|coverage|cover|build|compile|integration|ci|verify)([:_-].*)?$/;
/** These run while the dependencies are installed, where they could change the gates' own tools. */
const installScripts = ["preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare", "prepublish"];
const toolFields = [
  "eslintConfig",
  "eslintIgnore",
  "prettier",
  "jest",
  "vitest",
  "mocha",
  "nyc",
  "c8",
  "ava",
  "tap",
  "xo",
  "standard",
  "tsd",
];
const watchedFields = [
  "workspaces",
  "overrides",
  "resolutions",
  "pnpm",
  "packageManager",
  "imports",
  "type",
  "lint-staged",
];
const dependencyFields = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/** Undefined when either side is no package.json: then there is nothing to compare, and nothing will install. */
export function comparePackages(before: string, after: string): PackageChange | undefined {
  const [old, now] = [parseObject(before), parseObject(after)];
  if (!old || !now) return undefined;
  const scripts = compareScripts(asObject(old.scripts), asObject(now.scripts));
  const fields = toolFields.filter((name) => !same(old[name], now[name]));
  const added = fields.filter((name) => old[name] === undefined);
  const repaired: Record<string, unknown> = { ...now, scripts: scripts.repaired };
  for (const name of fields) {
    if (old[name] === undefined) delete repaired[name];
    else repaired[name] = old[name];
  }
  return {
    blocked: [
      ...scripts.blocked,
      ...fields.filter((name) => !added.includes(name)).map((name) => `the settings "${name}" were changed`),
      ...added.map((name) => `the settings "${name}" were added, which change what the gates say`),
      ...compareDependencies(old, now),
    ],
    flagged: watchedFields.filter((name) => !same(old[name], now[name])).map((name) => `"${name}" was changed`),
    repaired: `${JSON.stringify(repaired, null, 2)}\n`,
  };
}

function compareScripts(old: Record<string, unknown>, now: Record<string, unknown>) {
  const guarded = findGuarded(old);
  const blocked: string[] = [];
  const repaired = { ...now };
  for (const name of new Set([...Object.keys(old), ...Object.keys(now)])) {
    if (old[name] === now[name]) continue;
    const isHook = /^(pre|post)/.test(name) && guarded.has(name.replace(/^(pre|post)/, ""));
    const isNew = !Object.hasOwn(old, name);
    // A gate where there was none is welcome; what runs around an old one, or at every install, is not.
    if (isNew ? !isHook && !installScripts.includes(name) : !guarded.has(name) && !installScripts.includes(name))
      continue;
    blocked.push(`the script "${name}" was ${isNew ? "added" : Object.hasOwn(now, name) ? "changed" : "removed"}`);
    if (isNew) delete repaired[name];
    else repaired[name] = old[name];
  }
  return { blocked, repaired };
}

/** By their names, and every script that one of them starts. */
export function findGuarded(scripts: Record<string, unknown>): Set<string> {
  const guarded = new Set(Object.keys(scripts).filter((name) => gateScript.test(name)));
  for (const name of guarded) {
    const words = String(scripts[name]).split(/[^\w:.@/-]+/);
    for (const word of words) if (Object.hasOwn(scripts, word)) guarded.add(word);
  }
  return guarded;
}

/** From anywhere but the registry, under its own name, a dependency can be anything: also a test runner that is none. */
function compareDependencies(old: Record<string, unknown>, now: Record<string, unknown>): string[] {
  return dependencyFields.flatMap((field) => {
    const before = asObject(old[field]);
    return Object.entries(asObject(now[field]))
      .filter(([name, spec]) => before[name] !== spec && isElsewhere(String(spec)))
      .map(
        ([name, spec]) =>
          `the dependency "${name}" was made ${JSON.stringify(spec)}, which is not the registry's package of that name`,
      );
  });
}

const isElsewhere = (spec: string) => !/^(workspace|catalog):/.test(spec) && /[:/]/.test(spec);
