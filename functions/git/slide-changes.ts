// Where repeated lines leave a choice of which copy is new, which one does git call new?
import type { Alignment } from "./align-lines.ts";

/** The changed lines between two unchanged ones; often none. */
interface Group {
  start: number;
  end: number;
}

/** Walks over the groups of one text. Every unchanged line ends one group and begins the next. */
interface Walk extends Group {
  lines: readonly number[];
  changed: boolean[];
}

/** Changes `alignment` in place: each group goes as far down as it can, but stays beside one that was changed with it. */
export function slideChanges(before: readonly number[], after: readonly number[], { gone, come }: Alignment): void {
  slideOneSide(openWalk(before, gone), openWalk(after, come));
  slideOneSide(openWalk(after, come), openWalk(before, gone));
}

function slideOneSide(walk: Walk, other: Walk): void {
  do {
    if (walk.end > walk.start) slideGroup(walk, other);
    toNext(other);
  } while (toNext(walk));
}

/** The other walk goes along, so that both stand between the same unchanged lines. */
function slideGroup(walk: Walk, other: Walk): void {
  let size: number;
  let earliestEnd: number;
  let endBesideOther: number | undefined;
  do {
    size = walk.end - walk.start;
    endBesideOther = undefined;
    while (slideUp(walk)) toPrevious(other);
    earliestEnd = walk.end;
    if (other.end > other.start) endBesideOther = walk.end;
    while (slideDown(walk)) {
      toNext(other);
      if (other.end > other.start) endBesideOther = walk.end;
    }
    // It has run into a neighbour and is one with it now: the two may go further together.
  } while (size !== walk.end - walk.start);
  if (walk.end === earliestEnd || endBesideOther === undefined) return;
  while (other.end === other.start && slideUp(walk)) toPrevious(other);
}

function openWalk(lines: readonly number[], changed: boolean[]): Walk {
  const walk = { lines, changed, start: 0, end: 0 };
  growDown(walk);
  return walk;
}

function toNext(walk: Walk): boolean {
  if (walk.end >= walk.changed.length) return false;
  walk.start = walk.end + 1;
  walk.end = walk.start;
  growDown(walk);
  return true;
}

function toPrevious(walk: Walk): boolean {
  if (walk.start === 0) return false;
  walk.end = walk.start - 1;
  walk.start = walk.end;
  growUp(walk);
  return true;
}

function slideDown(walk: Walk): boolean {
  const { lines, changed, start, end } = walk;
  if (end >= changed.length || lines[start] !== lines[end]) return false;
  changed[start] = false;
  changed[end] = true;
  walk.start += 1;
  walk.end += 1;
  growDown(walk);
  return true;
}

function slideUp(walk: Walk): boolean {
  const { lines, changed, start, end } = walk;
  if (start === 0 || lines[start - 1] !== lines[end - 1]) return false;
  changed[start - 1] = true;
  changed[end - 1] = false;
  walk.start -= 1;
  walk.end -= 1;
  growUp(walk);
  return true;
}

function growDown(walk: Walk): void {
  while (walk.changed[walk.end]) walk.end += 1;
}

function growUp(walk: Walk): void {
  while (walk.changed[walk.start - 1]) walk.start -= 1;
}
