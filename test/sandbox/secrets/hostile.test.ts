import { setFlagsFromString } from "node:v8";
import { beforeAll, describe, expect, it } from "vitest";
import { matchLibrary } from "../../../functions/sandbox/secrets/library.ts";
import { ownRules } from "../../../functions/sandbox/secrets/rules.ts";
import { kindsOfSecrets, plant } from "./planted.ts";

const characters = 1_000_000;
/** What is linear has a bound, whatever the text; what is quadratic needs half a million steps for each of so many characters. */
const maxStepsPerCharacter = 2_000;

/** The last one is no secret, but the library looks for it. */
const samples = [...kindsOfSecrets.map((kind) => plant(kind).text), "aws_account_id: 123456789012\n"];
const fill = (part: string) => part.repeat(Math.ceil(characters / part.length)).slice(0, characters);

/** A pattern that gives up after so many steps back: V8 counts them, so the machine's speed does not matter. */
let limited: (pattern: RegExp, steps: number) => RegExp;

beforeAll(() => {
  setFlagsFromString("--allow-natives-syntax");
  const make = new Function("source", "flags", "steps", "return %NewRegExpWithBacktrackLimit(source, flags, steps)");
  limited = (pattern, steps) => make(countable(pattern), pattern.flags, steps);
});

/** V8 runs a loop over one class of characters without counting: with an alternative that never matches, it counts. */
function countable({ source }: RegExp): string {
  return source.replace(/\[(?:\\.|[^\]\\])*\]|\\[wsdWSDp](?:\{\w+\})?|\\.|\./g, (part) =>
    /^\\[^wsdWSDp]/.test(part) ? part : `(?:${part}|(?!))`,
  );
}

/** Does the pattern come to the end of the hostile text, where a real secret stands, with the steps it is given? */
function reachesTheEnd(pattern: RegExp, hostile: string, sample: string): boolean {
  const text = `${hostile}\n\n${sample}`;
  const steps = maxStepsPerCharacter * hostile.length + 100_000;
  const places = findPlaces(limited(pattern, steps), text);
  if (places.length === 0) return false;
  // The steps are counted for each match anew: with many matches, each may use its share only.
  const again = findPlaces(limited(pattern, Math.ceil(steps / places.length)), text);
  return again.length === places.length && (again.at(-1) ?? 0) >= hostile.length;
}

function findPlaces(pattern: RegExp, text: string): number[] {
  const places: number[] = [];
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) places.push(match.index);
  return places;
}

/** Beginnings of what the pattern looks for, over and over, and long runs of what it may contain. */
function hostileTexts(sample: string): string[] {
  const half = sample.trim().slice(0, sample.length / 2);
  const starts = [4, 12].flatMap((end) => [sample.slice(0, end), `${sample.slice(0, end)}-`]);
  const runs = ["a", "A1", " ", "=", "_a", "://a:", "token="];
  return [...[...starts, `${half} `].map(fill), ...runs.map((run) => (half + fill(run)).slice(0, characters))];
}

/** The hostile texts for a pattern are made of what it knows. */
const sampleOf = (pattern: RegExp) => samples.find((sample) => sample.search(new RegExp(pattern, "g")) >= 0);

function expectLinear(pattern: RegExp): void {
  const sample = sampleOf(pattern);
  expect(sample, `a planted secret for ${pattern}`).toBeDefined();
  for (const hostile of hostileTexts(sample ?? "")) {
    expect(reachesTheEnd(pattern, hostile, sample ?? ""), `${pattern} on ${hostile.slice(0, 40)}`).toBe(true);
  }
}

describe("no text of a million characters keeps a pattern busy beyond measure:", () => {
  it.each(ownRules.map(({ id, pattern }, index) => [`${index} ${id}`, pattern] as const))("%s", (_name, pattern) => {
    expectLinear(pattern);
  });

  it("those of the library", async () => {
    const patterns = await patternsOfLibrary();
    expect(patterns.length).toBeGreaterThan(20);
    for (const pattern of patterns) expectLinear(pattern);
  });

  it.each([
    [/\s*=x/g, " ", "a =x"],
    [/[\w-]*@acme/g, "a", "me@acme"],
    [/(?:a+)+b/g, "a", "aab"],
  ])("and the measure finds one that is not linear: %s", (pattern, part, sample) => {
    expect(reachesTheEnd(pattern, part, sample)).toBe(true);
    expect(reachesTheEnd(pattern, part.repeat(20_000), sample)).toBe(false);
  });
});

/** As the library uses them: it keeps them to itself. */
async function patternsOfLibrary(): Promise<RegExp[]> {
  const seen = new Map<string, RegExp>();
  const original = String.prototype.matchAll;
  String.prototype.matchAll = function (this: string, pattern: RegExp) {
    seen.set(String(pattern), pattern);
    return original.call(this, pattern);
  };
  try {
    await matchLibrary(samples.join("\n"));
  } finally {
    String.prototype.matchAll = original;
  }
  return [...seen.values()];
}
