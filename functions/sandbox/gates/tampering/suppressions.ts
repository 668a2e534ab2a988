// Was a gate told to look away?
import type { Finding } from "../../../core/verdicts.ts";
import type { Change } from "./changes.ts";
import { isCode, isTestFile } from "./tests.ts";

interface Suppression {
  what: string;
  /** Catches what stands behind it on its line. */
  pattern: RegExp;
  /** It names what it silences, for one place, and says why: a reviewer can judge that. */
  isReasoned?: RegExp;
}

/** Only in a comment: the same words in a text silence nobody. All of it bounded, since the text may be hostile. */
const inComment = (words: string) =>
  new RegExp(`(?:\\/{2,4}|\\/\\*{1,3}|#|<!--)[ \\t]{0,8}(?:${words})([^\\n]{0,300})`, "g");

const suppressions: readonly Suppression[] = [
  {
    what: "eslint-disable",
    pattern: inComment("eslint-disable\\b"),
    isReasoned: /^-(?:next-)?line[ \t]+[@\w][^\n]* --[^\n]*[A-Za-z]{3}/,
  },
  {
    what: "biome-ignore",
    pattern: inComment("biome-ignore\\b"),
    isReasoned: /^[ \t]+(?:lint|assist|format|syntax)\b[^:]*:[^\n]*[A-Za-z]{3}/,
  },
  { what: "@ts-ignore or @ts-nocheck", pattern: inComment("@ts-(?:ignore|nocheck)\\b") },
  {
    what: "@ts-expect-error",
    pattern: inComment("@ts-expect-error\\b"),
    isReasoned: /[A-Za-z]{3}[^\n]*[A-Za-z]{3}/,
  },
  {
    what: "an ignore for coverage",
    pattern: inComment("(?:istanbul|c8|v8|node:coverage)[ \\t]{1,8}(?:ignore|disable)\\b|pragma: no cover\\b"),
  },
  { what: "prettier-ignore", pattern: inComment("prettier-ignore\\b") },
  {
    what: "noqa, type: ignore or pylint: disable",
    pattern: inComment("noqa\\b|type: ?ignore\\b|pylint: ?disable\\b"),
    isReasoned: /^(?:: ?[A-Z]+\d|\[)/,
  },
  { what: "nolint", pattern: inComment("nolint\\b"), isReasoned: /^:[\w,]+ [^\n]*[A-Za-z]{3}/ },
  { what: "allow of a lint", pattern: /#!?\[(?:allow|expect)\(([^\n]{0,300})/g, isReasoned: /\breason *=/ },
  { what: "rubocop:disable", pattern: inComment("rubocop:disable\\b"), isReasoned: /^ +\w[^\n]* --[^\n]*[A-Za-z]{3}/ },
];

interface Counts {
  all: number;
  bare: number;
}

/** What has only moved with its code, from one file to another, has not grown. */
export function findSuppressions(changes: readonly Change[]): Finding[] {
  const files = changes.filter(({ path }) => isCode(path));
  return suppressions.flatMap((suppression) => findGrown(files, suppression));
}

function findGrown(files: readonly Change[], suppression: Suppression): Finding[] {
  const grown = files.map(({ path, before, after }) => {
    const [old, now] = [count(before?.text, suppression), count(after?.text, suppression)];
    return { path, all: now.all - old.all, bare: now.bare - old.bare };
  });
  const sum = (which: keyof Counts) => grown.reduce((total, one) => total + one[which], 0);
  if (sum("all") <= 0) return [];
  const hasBare = sum("bare") > 0;
  return grown
    .filter(({ all }) => all > 0)
    .map(({ path, all, bare }): Finding => {
      // A test may well show that a wrong call does not compile.
      const isProof = suppression.what === "@ts-expect-error" && isTestFile(path);
      const level = hasBare && bare > 0 && !isProof ? "blocked" : "flagged";
      return { level, path, what: `has ${all} more of ${suppression.what}` };
    });
}

function count(text: string | undefined, { pattern, isReasoned }: Suppression): Counts {
  const counts = { all: 0, bare: 0 };
  for (const [, rest = ""] of text?.matchAll(pattern) ?? []) {
    counts.all++;
    if (!isReasoned?.test(rest)) counts.bare++;
  }
  return counts;
}
