// Was a gate told to look away?
import type { Finding } from "../../../core/verdicts.ts";
import { type Change, countGrowth } from "./changes.ts";
import { isCode, isTestFile } from "./tests.ts";

const suppressions = [
  { what: "eslint-disable", pattern: /\beslint-disable\b/g },
  { what: "biome-ignore", pattern: /\bbiome-ignore(?:-all|-start)?\b/g },
  { what: "@ts-ignore or @ts-nocheck", pattern: /@ts-(?:ignore|nocheck)\b/g },
  { what: "@ts-expect-error", pattern: /@ts-expect-error\b/g },
  {
    what: "an ignore for coverage",
    pattern: /\b(?:istanbul|c8|v8|node:coverage)\s+(?:ignore|disable)\b|\bpragma:\s*no cover\b/g,
  },
  { what: "prettier-ignore", pattern: /\bprettier-ignore\b/g },
  { what: "noqa, type: ignore or pylint: disable", pattern: /#\s*(?:noqa|type:\s*ignore|pylint:\s*disable)\b/g },
  { what: "nolint", pattern: /\/\/\s*nolint\b/g },
  { what: "allow of a lint", pattern: /#!?\[(?:allow|expect)\(/g },
  { what: "rubocop:disable", pattern: /\brubocop:disable\b/g },
] as const;

/** What has only moved with its code, from one file to another, has not grown. */
export function findSuppressions(changes: readonly Change[]): Finding[] {
  const files = changes.filter(({ path }) => isCode(path));
  return suppressions.flatMap(({ what, pattern }) => {
    const net = files.reduce((sum, change) => sum + countGrowth(change, pattern), 0);
    const grown = net > 0 ? files.filter((change) => countGrowth(change, pattern) > 0) : [];
    return grown.map((change): Finding => {
      // A test may well show that a wrong call does not compile.
      const isProof = what === "@ts-expect-error" && isTestFile(change.path);
      return {
        level: isProof ? "flagged" : "blocked",
        path: change.path,
        what: `has ${countGrowth(change, pattern)} more of ${what}`,
      };
    });
  });
}
