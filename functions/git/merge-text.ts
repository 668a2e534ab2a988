// Three versions of one text: what becomes of it when both sides have changed it?
import { alignLines } from "./align-lines.ts";
import { slideChanges } from "./slide-changes.ts";

/** What stands behind the markers of a conflict. */
export interface Labels {
  ours: string;
  theirs: string;
}

/** Whole lines, as they were put into a file, without their ends. No version had a line that begins like one of them. */
export type Markers = readonly [opening: string, middle: string, closing: string];

export type TextMerge = { kind: "clean"; text: string } | { kind: "conflict"; text: string; markers: Markers };

export interface TextVersions {
  base: string;
  ours: string;
  theirs: string;
}

/** A stretch of the base, ends excluded, and what one side has in its place. */
interface Change {
  side: "ours" | "theirs";
  from: number;
  to: number;
  start: number;
  end: number;
}

const shortestMarker = 7;

/** Texts hold one byte per character. Changes that touch collide, as in git, unless they are the same. */
export function mergeText(versions: TextVersions, labels: Labels): TextMerge {
  const base = splitLines(versions.base);
  const lines = { ours: splitLines(versions.ours), theirs: splitLines(versions.theirs) };
  const numbers = numberLines();
  const baseNumbers = base.map(numbers);
  const changes = (["ours", "theirs"] as const)
    .flatMap((side) => findChanges(side, baseNumbers, lines[side].map(numbers)))
    .sort((a, b) => a.from - b.from);
  const markers = chooseMarkers(versions, labels);
  const merged: string[] = [];
  let isClean = true;
  let done = 0;
  for (const group of groupTouching(changes)) {
    const from = Math.min(...group.map((change) => change.from));
    const to = Math.max(...group.map((change) => change.to));
    const now = (side: Change["side"]) => cutOut(lines[side], base, group, side, from, to);
    for (const line of base.slice(done, from)) merged.push(line);
    done = to;
    const ours = now("ours");
    const theirs = now("theirs");
    const isOneSided = group.every(({ side }) => side === group[0]?.side);
    if (isOneSided) merged.push((group[0]?.side === "ours" ? ours : theirs).join(""));
    else if (ours.join("") === theirs.join("")) merged.push(ours.join(""));
    else {
      isClean = false;
      merged.push(renderConflict(ours, theirs, markers, versions.ours.includes("\r\n") ? "\r\n" : "\n"));
    }
  }
  const text = merged.concat(base.slice(done)).join("");
  return isClean ? { kind: "clean", text } : { kind: "conflict", text, markers };
}

/** Do any of these markers still stand in the text, whatever became of the words behind them? */
export function holdsMarkers(text: string, markers: readonly Markers[]): boolean {
  const runs = new Set(markers.flat().map(firstWord));
  return splitLines(text).some((line) => runs.has(firstWord(line)));
}

const firstWord = (line: string) => line.split(/\s/, 1)[0] ?? "";

function findChanges(side: Change["side"], base: readonly number[], now: readonly number[]): Change[] {
  const alignment = alignLines(base, now);
  slideChanges(base, now, alignment);
  const { gone, come } = alignment;
  const changes: Change[] = [];
  for (let at = 0, there = 0; at < base.length || there < now.length; ) {
    const change = { side, from: at, to: at, start: there, end: there };
    while (gone[change.to]) change.to += 1;
    while (come[change.end]) change.end += 1;
    if (change.to > at || change.end > there) changes.push(change);
    at = change.to + 1;
    there = change.end + 1;
  }
  return changes;
}

/** Changes of one side never touch each other; a chain of touching ones is decided as a whole. */
function groupTouching(changes: readonly Change[]): Change[][] {
  const groups: Change[][] = [];
  let end = -1;
  for (const change of changes) {
    if (change.from <= end) groups.at(-1)?.push(change);
    else groups.push([change]);
    end = Math.max(end, change.to);
  }
  return groups;
}

/** What one side has where the base had the lines `from` to `to`. */
function cutOut(lines: string[], base: string[], group: Change[], side: Change["side"], from: number, to: number) {
  const own = group.filter((change) => change.side === side);
  const [first, last] = [own[0], own.at(-1)];
  if (!first || !last) return base.slice(from, to);
  return lines.slice(first.start - (first.from - from), last.end + (to - last.to));
}

/** Lines that both sides have at the edges of a conflict are none of it. */
function renderConflict(ours: string[], theirs: string[], markers: Markers, lineEnd: string): string {
  const shorter = Math.min(ours.length, theirs.length);
  let top = 0;
  while (top < shorter && ours[top] === theirs[top]) top += 1;
  let bottom = 0;
  while (bottom < shorter - top && ours.at(-1 - bottom) === theirs.at(-1 - bottom)) bottom += 1;
  const middle = (side: string[]) => {
    const text = side.slice(top, side.length - bottom).join("");
    return text === "" || text.endsWith("\n") ? text : `${text}${lineEnd}`;
  };
  const [opening, separator, closing] = markers.map((marker) => `${marker}${lineEnd}`);
  const conflict = `${opening}${middle(ours)}${separator}${middle(theirs)}${closing}`;
  return ours.slice(0, top).join("") + conflict + ours.slice(ours.length - bottom).join("");
}

/** Longer than git's, where one of the versions holds such lines already: ours can then be told apart. */
function chooseMarkers({ base, ours, theirs }: TextVersions, labels: Labels): Markers {
  const runs = /^(<{7,}|={7,}|>{7,})/gm;
  const taken = new Set([base, ours, theirs].flatMap((text) => (text.match(runs) ?? []).map((run) => run.length)));
  let length = shortestMarker;
  while (taken.has(length)) length += 1;
  return [`${"<".repeat(length)} ${labels.ours}`, "=".repeat(length), `${">".repeat(length)} ${labels.theirs}`];
}

function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function numberLines(): (line: string) => number {
  const known = new Map<string, number>();
  return (line) => {
    const number = known.get(line) ?? known.size;
    known.set(line, number);
    return number;
  };
}
