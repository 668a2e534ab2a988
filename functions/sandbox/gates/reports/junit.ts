// What does a JUnit report say? Test cases are counted one by one: the totals in its attributes may say anything.
import { emptyReport, type TestReport } from "./tests.ts";

interface Tag {
  name: string;
  attributes: string;
  kind: "open" | "close" | "single";
  /** Where what follows it begins. */
  end: number;
}

interface Case {
  name: string;
  file: string;
  outcome: "passed" | "failed" | "skipped";
  message: string;
}

const nothingInside = [
  ["<!--", "-->"],
  ["<![CDATA[", "]]>"],
  ["<?", "?>"],
  ["<!", ">"],
] as const;

/** Undefined when it is not XML from its first tag to its last, or holds no suite at all. */
export function readJunit(text: string): TestReport | undefined {
  const report = emptyReport();
  const open: string[] = [];
  let current: Case | undefined;
  let suites = 0;
  for (let at = 0; ; ) {
    const tag = nextTag(text, at);
    if (tag === "none") break;
    if (tag === "broken") return undefined;
    at = tag.end;
    if (tag.kind === "close") {
      if (open.pop() !== tag.name) return undefined;
      if (tag.name === "testcase") current = finish(report, current);
      continue;
    }
    if (/^testsuites?$/.test(tag.name)) suites++;
    if (tag.name === "testcase") current = startCase(tag.attributes);
    else if (current) addOutcome(current, tag, text);
    if (tag.kind === "open") open.push(tag.name);
    else if (tag.name === "testcase") current = finish(report, current);
  }
  return suites > 0 && open.length === 0 ? report : undefined;
}

function startCase(attributes: string): Case {
  return { name: attribute(attributes, "name"), file: attribute(attributes, "file"), outcome: "passed", message: "" };
}

function addOutcome(current: Case, { name, attributes, end }: Tag, text: string): void {
  if (name === "skipped" && current.outcome !== "failed") current.outcome = "skipped";
  if (name !== "failure" && name !== "error") return;
  current.outcome = "failed";
  current.message = attribute(attributes, "message") || decode(text.slice(end, end + 500).split("</", 1)[0] ?? "");
}

function finish(report: TestReport, found: Case | undefined): undefined {
  if (!found) return;
  if (found.outcome === "failed") report.failures.push({ name: found.name, message: found.message });
  if (found.outcome === "passed" && isHollow(found)) report.hollow++;
  else report[found.outcome]++;
}

/** node:test reports a file without tests, or one that left early, as one passed test by the name of the file. */
const isHollow = ({ name, file }: Case) => /\.[cm]?[jt]sx?$/.test(name) && (file === "" || file.endsWith(name));

/** One pass over the text, whatever it holds: no part of it is looked at twice. */
function nextTag(text: string, from: number): Tag | "none" | "broken" {
  for (let at = text.indexOf("<", from); at >= 0; at = text.indexOf("<", at)) {
    const special = nothingInside.find(([start]) => text.startsWith(start, at));
    if (!special) return readTag(text, at);
    const [start, stop] = special;
    const end = text.indexOf(stop, at + start.length);
    if (end < 0) return "broken";
    at = end + stop.length;
  }
  return "none";
}

function readTag(text: string, at: number): Tag | "broken" {
  const isClose = text[at + 1] === "/";
  const name = /[\w.:-]{1,100}/y;
  name.lastIndex = at + (isClose ? 2 : 1);
  const [found] = name.exec(text) ?? [];
  if (found === undefined) return "broken";
  const start = name.lastIndex;
  let quote = "";
  for (let end = start; end < text.length; end++) {
    const character = text[end] ?? "";
    if (quote !== "") {
      if (character === quote) quote = "";
    } else if (character === '"' || character === "'") quote = character;
    else if (character === ">") {
      const isSingle = text[end - 1] === "/";
      return {
        name: found,
        attributes: text.slice(start, end),
        kind: isClose ? "close" : isSingle ? "single" : "open",
        end: end + 1,
      };
    }
  }
  return "broken";
}

function attribute(attributes: string, name: string): string {
  const match = new RegExp(`(?:^|\\s)${name}\\s*=\\s*("[^"]*"|'[^']*')`).exec(attributes);
  return decode(match?.[1]?.slice(1, -1) ?? "");
}

const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function decode(text: string): string {
  return text
    .replace(/<!\[CDATA\[|\]\]>/g, "")
    .replace(/&(?:(lt|gt|amp|quot|apos)|#(\d{1,7})|#x([0-9a-f]{1,6}));/gi, (whole, name, decimal, hex) => {
      if (name) return entities[name.toLowerCase()] ?? whole;
      const code = decimal ? Number(decimal) : Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    });
}
