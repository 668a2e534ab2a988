// Where do the packages of a lockfile come from, and has that changed?
import { asObject, parseObject } from "../project.ts";

export const isLockfile = (path: string) =>
  /(^|\/)(package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock)$/.test(path);

export interface LockfileChange {
  blocked: string[];
  flagged: string[];
}

const shown = 5;

export function compareLockfiles(before: string, after: string): LockfileChange {
  const sources = newOnes(listSources(before), listSources(after));
  const [old, now] = [readPackages(before), readPackages(after)];
  const added = [...now].filter(([path, entry]) => JSON.stringify(old.get(path)) !== JSON.stringify(entry));
  const aliases = added.filter(
    ([path, { name }]) =>
      path.includes("node_modules/") && name !== undefined && !path.endsWith(`node_modules/${name}`),
  );
  const scripts = added.filter(
    ([path, entry]) => entry.hasInstallScript === true && old.get(path)?.hasInstallScript !== true,
  );
  const unsealed = added.filter(
    ([, entry]) =>
      typeof entry.resolved === "string" && /^https?:/.test(entry.resolved) && entry.integrity === undefined,
  );
  return {
    // A lockfile without any source says nothing of where its packages came from before.
    blocked: [
      ...(listSources(before).size > 0
        ? sources.map((source) => `takes packages from ${source}, which it did not before`)
        : []),
      ...aliases
        .slice(0, shown)
        .map(([path, { name }]) => `has put the package ${JSON.stringify(name)} in the place of ${path}`),
      ...unsealed.slice(0, shown).map(([path]) => `has no checksum for ${path}`),
    ],
    flagged: scripts
      .slice(0, shown)
      .map(([path]) => `brings ${path}, which runs a script of its own when it is installed`),
  };
}

/** Hosts of a registry, repositories, folders. */
function listSources(text: string): Set<string> {
  const urls = text.matchAll(
    /\b((?:git\+)?(?:https?|ssh|git)|file|link):(\/\/(?:[^\s"'@/]*@)?([^\s"'/:)]+))?[^\s"',)]*/g,
  );
  return new Set(
    Array.from(urls, ([whole, scheme = "", , host]) => (host === undefined ? whole : `${scheme}://${host}`)),
  );
}

const newOnes = (old: ReadonlySet<string>, now: ReadonlySet<string>) =>
  [...now].filter((one) => !old.has(one)).slice(0, shown);

/** Of npm's format; the others hold no more than sources. */
function readPackages(text: string): Map<string, Record<string, unknown>> {
  const packages = Object.entries(asObject(parseObject(text)?.packages));
  return new Map(packages.map(([path, entry]) => [path, asObject(entry)]));
}
