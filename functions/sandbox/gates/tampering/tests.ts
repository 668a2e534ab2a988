// Do the changed tests still test as much as they did?
import type { Finding } from "../../../core/verdicts.ts";
import { type Change, countGrowth, countMatches } from "./changes.ts";

const testName =
  /(\.|_|-)(test|tests|spec|e2e|cy)\.[cm]?[jt]sx?$|(^|\/)test_[^/]*\.py$|_test\.(py|go|rb|exs?)$|_spec\.rb$|Tests?\.(java|kt|cs|php|swift)$/;
const testFolder = /(^|\/)(__tests__|tests?|specs?|e2e|integration)\//;
const code = /\.([cm]?[jt]sx?|py|go|rb|java|kt|cs|php|rs|exs?|swift|scala|vue|svelte)$/;

export const isCode = (path: string) => code.test(path);
export const isTestFile = (path: string) => testName.test(path) || (testFolder.test(path) && isCode(path));

const testCall = /\b(?:it|test)(?:\.\w+){0,4}\s*[(`]|\bdef test_\w+|\bfunc Test\w+|@Test\b|#\[(?:tokio::)?test\]/g;
const assertion =
  /\bexpect\w*\s*[(.]|\bassert\w*\s*[(.!]|\bassert\s|\.should\b|\bt\.(?:is|deepEqual|true|false|throws|equal|ok|plan|Error|Fatal)\w*\s*\(/g;
const title = /\b(?:it|test)(?:\.\w+){0,4}\s*\(\s*(["'`])((?:\\.|(?!\1).){1,200})\1|\bdef (test_\w+)|\bfunc (Test\w+)/g;
/** True by themselves, whatever the code does. */
const hollowAssertion =
  /expect\(\s*(true|1|"[^"]*"|'[^']*')\s*\)\.(toBe|toEqual|toStrictEqual)\(\s*\1\s*\)|assert(?:\.ok|\.equal)?\(\s*true\s*[,)]/g;

interface Marker {
  what: string;
  pattern: RegExp;
  /** In a file that was there before, and in a new one. */
  levels: readonly [Finding["level"], Finding["level"]];
}

const markers: readonly Marker[] = [
  {
    what: "skipped",
    pattern:
      /\b(?:it|test|describe|suite|context)(?:\.\w+){0,4}\.(?:skip|todo|fails)\b|\bx(?:it|test|describe)\s*\(|\b(?:skip|todo)\s*:\s*(?:true|["'`])|\b(?:t|this|ctx|context)\.(?:skip|todo|Skip)\w*\s*\(|@(?:pytest\.mark\.(?:skip\b|xfail)|unittest\.skip|Disabled|Ignore)|#\[ignore|\bpytest\.skip\(/g,
    // A new test may wait to be written.
    levels: ["blocked", "flagged"],
  },
  {
    what: "run alone",
    pattern: /\b(?:it|test|describe|suite|context)(?:\.\w+){0,4}\.only\b|\bf(?:it|describe)\s*\(|\bonly\s*:\s*true/g,
    // It keeps the others from running.
    levels: ["blocked", "blocked"],
  },
  {
    what: "run on a condition",
    pattern: /\b(?:it|test|describe|suite)(?:\.\w+){0,4}\.(?:skipIf|runIf)\b|@pytest\.mark\.skipif\b/g,
    levels: ["flagged", "flagged"],
  },
];

export function findWeakenedTests(changes: readonly Change[]): Finding[] {
  const tests = changes.filter(({ path }) => isTestFile(path));
  return [
    ...findLost(tests),
    ...markers.flatMap((marker) => findMarked(tests, marker)),
    ...tests.flatMap(findHollow),
    ...findFewer(tests),
  ];
}

/** A deleted file whose tests are all in other ones now has only moved. */
function findLost(tests: readonly Change[]): Finding[] {
  const kept = new Set(tests.flatMap(({ after }) => listTitles(after?.text)));
  const oids = new Set(tests.flatMap(({ after }) => after?.oid ?? []));
  return tests.flatMap(({ path, before, after }): Finding[] => {
    if (!before || countMatches(before.text, testCall) === 0) return [];
    if (after) {
      if (countMatches(after.text, testCall) > 0) return [];
      return [{ level: "blocked", path, what: "has no tests left" }];
    }
    const titles = listTitles(before.text);
    const lost = titles.filter((one) => !kept.has(one));
    if (oids.has(before.oid) || (titles.length > 0 && lost.length === 0)) return [];
    const example =
      lost[0] === undefined
        ? ""
        : `: ${JSON.stringify(lost[0])}${lost.length > 1 ? ` and ${lost.length - 1} more` : ""}`;
    return [{ level: "blocked", path, what: `was deleted with its tests${example}` }];
  });
}

const listTitles = (text = "") =>
  [...text.matchAll(title)].map(([, , quoted, python, go]) => quoted ?? python ?? go ?? "");

/** What only moved between files has not grown. */
function findMarked(tests: readonly Change[], { what, pattern, levels }: Marker): Finding[] {
  const grown = tests.map((change) => ({ ...change, growth: countGrowth(change, pattern) }));
  if (grown.reduce((sum, { growth }) => sum + growth, 0) <= 0) return [];
  return grown
    .filter(({ growth }) => growth > 0)
    .map(({ path, before, growth }) => {
      const level = before ? levels[0] : levels[1];
      return { level, path, what: `has ${growth} more tests that are ${what}` };
    });
}

function findHollow(change: Change): Finding[] {
  const { path, before, after } = change;
  const grown = countGrowth(change, hollowAssertion);
  if (grown > 0)
    return [{ level: "flagged", path, what: `has ${grown} more assertions that hold whatever the code does` }];
  const had = countMatches(before?.text, assertion);
  const gone = had > 0 && countMatches(after?.text, assertion) === 0 && countMatches(after?.text, testCall) > 0;
  return gone ? [{ level: "blocked", path, what: "has tests, but no assertions any more" }] : [];
}

function findFewer(tests: readonly Change[]): Finding[] {
  const changed = tests.filter(({ before, after }) => before && after);
  if (tests.reduce((sum, change) => sum + countGrowth(change, assertion), 0) >= 0) return [];
  return changed.flatMap((change): Finding[] => {
    const fewer = -countGrowth(change, assertion);
    return fewer > 0 ? [{ level: "flagged", path: change.path, what: `has ${fewer} assertions less` }] : [];
  });
}
