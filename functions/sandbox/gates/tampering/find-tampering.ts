// Does the agent's change weaken the gates that are to judge it?
import type { Finding } from "../../../core/verdicts.ts";
import type { Change } from "./changes.ts";
import { type ConfigKind, compareSections, findConfigKind, isInert } from "./config-files.ts";
import { compareLockfiles, isLockfile } from "./lockfile.ts";
import { comparePackages } from "./package-json.ts";
import { findSuppressions } from "./suppressions.ts";
import { findWeakenedTests } from "./tests.ts";

/** What stands at a path in the clean room instead of what the commit has there. */
export type Repair = { kind: "base" } | { kind: "absent" } | { kind: "text"; text: string };

export interface TamperingInput {
  changes: readonly Change[];
  /** All paths of the base commit, and the text of its package.json. */
  basePaths: ReadonlySet<string>;
  baseManifest: string;
  /** Files and folders (`scripts/`) that are guarded beside those we know: what gates run, and what drover.yaml says. */
  guarded: readonly string[];
  /** Files and folders that this task may change; `**` is all of them. */
  allowed: readonly string[];
}

export interface Tampering {
  findings: Finding[];
  repairs: Map<string, Repair>;
}

export function findTampering(input: TamperingInput): Tampering {
  const repairs = new Map<string, Repair>();
  const findings: Finding[] = [];
  for (const change of input.changes) {
    const found = judgeConfig(change, input);
    findings.push(...found.findings);
    if (found.repair && !covers(input.allowed, change.path)) repairs.set(change.path, found.repair);
  }
  findings.push(...findWeakenedTests(input.changes), ...findSuppressions(input.changes));
  return { findings: findings.map((finding) => relent(finding, input.allowed)), repairs };
}

/** Whether a list of files and folders names this path. */
export function covers(list: readonly string[], path: string): boolean {
  return list.some((one) => one === "**" || one === path || (one.endsWith("/") && path.startsWith(one)));
}

function relent(finding: Finding, allowed: readonly string[]): Finding {
  if (finding.level === "flagged" || !covers(allowed, finding.path)) return finding;
  return { ...finding, level: "flagged", what: `${finding.what} (allowed for this task)` };
}

interface Judged {
  findings: Finding[];
  repair?: Repair;
}

function judgeConfig(change: Change, input: TamperingInput): Judged {
  const { path, before, after } = change;
  const blocked = (whats: readonly string[], repair?: Repair): Judged => ({
    findings: whats.map((what) => ({ level: "blocked", path, what })),
    ...(repair && { repair }),
  });
  if (/(^|\/)node_modules\//.test(path))
    return blocked(["lies where installed packages are, and could take a tool's place"], undoing(change));
  if (covers(input.guarded, path))
    return blocked([`${howChanged(change)}, and it decides what a gate says`], undoing(change));
  if (/(^|\/)package\.json$/.test(path)) return judgePackage(change);
  if (isLockfile(path) && before) return judgeLockfile(change);
  const sections = before?.text === undefined ? undefined : compareSections(path, before.text, after?.text ?? "");
  if (sections)
    return blocked(sections.map((head) => `the section [${head}] ${after ? "was changed" : "was deleted"}`));
  const kind = findConfigKind(
    path,
    [before, after].flatMap((side) => (side ? [side.text] : [])),
  );
  return kind ? judgeFile(change, kind, input) : { findings: [] };
}

function judgeFile(change: Change, kind: ConfigKind, input: TamperingInput): Judged {
  const { path, before } = change;
  const what = `${howChanged(change)}, and it configures ${kind.family === "npm" ? "the package manager" : `gates (${kind.family})`}`;
  if (kind.level === "watched") {
    // Linters skip what git ignores: the clean room keeps to the base there.
    const repair = kind.family === "ignore" ? { repair: undoing(change) } : {};
    return { findings: [{ level: "flagged", path, what: howChanged(change) }], ...repair };
  }
  if (before) return { findings: [{ level: "blocked", path, what }], repair: undoing(change) };
  if (isInert(path) || isForNewCode(path, input) || !isInUse(path, kind, input)) {
    return { findings: [{ level: "flagged", path, what: `${what}; there was none before` }] };
  }
  return { findings: [{ level: "blocked", path, what }], repair: undoing(change) };
}

function judgePackage({ path, before, after }: Change): Judged {
  if (!after) {
    // A package that goes takes its gates along; the root's are the gates.
    return path === "package.json"
      ? { findings: [{ level: "blocked", path, what: "was deleted" }], repair: { kind: "base" } }
      : { findings: [] };
  }
  if (after.isLink && !before?.isLink)
    return {
      findings: [{ level: "blocked", path, what: "was made a link" }],
      repair: before ? { kind: "base" } : { kind: "absent" },
    };
  const found = comparePackages(before?.text ?? "{}", after.text ?? "");
  if (!found) return { findings: [] };
  const fresh = before === undefined;
  // In a package that is new everything is; only what runs at install, or comes from elsewhere, reaches beyond it.
  const blocked = fresh ? found.blocked.filter((what) => !what.startsWith("the settings")) : found.blocked;
  const findings: Finding[] = [
    ...blocked.map((what): Finding => ({ level: "blocked", path, what })),
    ...(fresh ? [] : found.flagged.map((what): Finding => ({ level: "flagged", path, what }))),
  ];
  return { findings, ...(blocked.length > 0 && { repair: { kind: "text", text: found.repaired } as const }) };
}

function judgeLockfile({ path, before, after }: Change): Judged {
  if (!after) return { findings: [{ level: "flagged", path, what: "was deleted" }] };
  if (before?.text === undefined || after.text === undefined) {
    return { findings: [{ level: "flagged", path, what: "was changed and is too large to be looked into" }] };
  }
  const { blocked, flagged } = compareLockfiles(before.text, after.text);
  return {
    findings: [
      ...blocked.map((what): Finding => ({ level: "blocked", path, what })),
      ...flagged.map((what): Finding => ({ level: "flagged", path, what })),
    ],
  };
}

const undoing = ({ before }: Change): Repair => (before ? { kind: "base" } : { kind: "absent" });

function howChanged({ before, after }: Change): string {
  if (!before) return "was added";
  if (!after) return "was deleted";
  return after.isLink && !before.isLink ? "was made a link" : "was changed";
}

const folderOf = (path: string) => path.slice(0, path.lastIndexOf("/") + 1);

/** Its folder is new as well, so it can only concern what the agent itself has added. */
function isForNewCode(path: string, { basePaths }: TamperingInput): boolean {
  const folder = folderOf(path);
  return folder !== "" && ![...basePaths].some((one) => one.startsWith(folder));
}

/** The base has a file for the same tool here or above, or speaks of it in package.json. */
function isInUse(path: string, { family }: ConfigKind, { basePaths, baseManifest }: TamperingInput): boolean {
  if (family === "npm") return true;
  const word = family === "coverage" ? /\b(nyc|c8|coverage)\b/ : new RegExp(`\\b${family}\\b`);
  const folder = folderOf(path);
  const beside = [...basePaths].some(
    (one) => folder.startsWith(folderOf(one)) && findConfigKind(one, [])?.family === family,
  );
  return beside || word.test(baseManifest);
}
