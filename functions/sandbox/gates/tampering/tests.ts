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

const markers = [
  {
    what: "skipped",
    pattern:
      /\b(?:it|test|describe|suite|context)(?:\.\w+){0,4}\.(?:skip|skipIf|todo|fails)\b|\bx(?:it|test|describe)\s*\(|\b(?:skip|todo)\s*:\s*(?:true|["'`])|\b(?:t|this|ctx|context)\.(?:skip|todo|Skip)\w*\s*\(|@(?:pytest\.mark\.(?:skip|xfail)|unittest\.skip|Disabled|Ignore)|#\[ignore|\bpytest\.skip\(/g,
  },
  {
    what: "run alone",
    pattern: /\b(?:it|test|describe|suite|context)(?:\.\w+){0,4}\.only\b|\bf(?:it|describe)\s*\(|\bonly\s*:\s*true/g,
  },
] as const;

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

/** What only moved between files has not grown. In a new file a test may wait to be written, but not keep others from running. */
function findMarked(tests: readonly Change[], { what, pattern }: (typeof markers)[number]): Finding[] {
  const grown = tests.filter((change) => countGrowth(change, pattern) > 0);
  const net = tests.reduce((sum, change) => sum + countGrowth(change, pattern), 0);
  if (net <= 0) return [];
  return grown.map((change) => {
    const isNew = change.before === undefined && what === "skipped";
    return {
      level: isNew ? "flagged" : "blocked",
      path: change.path,
      what: `has ${countGrowth(change, pattern)} more tests that are ${what}`,
    };
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
