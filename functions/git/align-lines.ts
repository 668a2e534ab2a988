// Which lines of two texts are the same? Chosen as git's histogram diff does, since the choice decides what collides.
import { diffArrays } from "diff";

/** One flag per line: is it gone from the first text, has it come in the second? */
export interface Alignment {
  gone: boolean[];
  come: boolean[];
}

/** A stretch of each text, ends excluded. */
interface Stretch {
  from: number;
  to: number;
  otherFrom: number;
  otherTo: number;
}

/** Lines that occur more often say nothing about what belongs together; git has the same limit. */
const maxOccurrences = 64;
/** For stretches of nothing but such lines: beyond this many changed ones, all of them count as changed. */
const maxEditLength = 2000;
/** Some seconds. Whoever mixes up a hundred thousand lines gets less of an alignment, and no less of an answer. */
const maxVisits = 50_000_000;

/** Lines are numbers here: the same number, the same line. */
export function alignLines(before: readonly number[], after: readonly number[]): Alignment {
  const alignment = { gone: before.map(() => false), come: after.map(() => false) };
  const waiting: Stretch[] = [{ from: 0, to: before.length, otherFrom: 0, otherTo: after.length }];
  let visits = 0;
  for (let stretch = waiting.pop(); stretch; stretch = waiting.pop()) {
    const { from, to, otherFrom, otherTo } = stretch;
    visits += to - from + (otherTo - otherFrom);
    const mayLook = from < to && otherFrom < otherTo && visits < maxVisits;
    const rarest = mayLook ? findRarest(before, after, stretch) : undefined;
    if (rarest === "only_frequent_lines") {
      alignByEdits(before, after, stretch, alignment);
    } else if (rarest) {
      waiting.push({ from, to: rarest.from, otherFrom, otherTo: rarest.otherFrom });
      waiting.push({ from: rarest.to, to, otherFrom: rarest.otherTo, otherTo });
    } else {
      alignment.gone.fill(true, from, to);
      alignment.come.fill(true, otherFrom, otherTo);
    }
  }
  return alignment;
}

/** The longest common run among those that hold the rarest line; undefined when nothing is common. */
function findRarest(before: readonly number[], after: readonly number[], { from, to, otherFrom, otherTo }: Stretch) {
  const places = placesOf(before, from, to);
  const occurrencesAt = (at: number) => places.get(before[at] ?? -1)?.length ?? 0;
  let best: Stretch | undefined;
  let fewest = maxOccurrences + 1;
  let hasCommon = false;
  for (let at = otherFrom, next = at + 1; at < otherTo; at = next, next = at + 1) {
    const candidates = places.get(after[at] ?? -1) ?? [];
    hasCommon ||= candidates.length > 0;
    if (candidates.length > fewest) continue;
    let covered = -1;
    for (const place of candidates) {
      if (place <= covered) continue;
      const run = { from: place, to: place + 1, otherFrom: at, otherTo: at + 1 };
      let occurrences = candidates.length;
      while (run.from > from && run.otherFrom > otherFrom && before[run.from - 1] === after[run.otherFrom - 1]) {
        run.from -= 1;
        run.otherFrom -= 1;
        occurrences = Math.min(occurrences, occurrencesAt(run.from));
      }
      while (run.to < to && run.otherTo < otherTo && before[run.to] === after[run.otherTo]) {
        occurrences = Math.min(occurrences, occurrencesAt(run.to));
        run.to += 1;
        run.otherTo += 1;
      }
      covered = run.to - 1;
      next = Math.max(next, run.otherTo);
      if (best && run.to - run.from <= best.to - best.from && occurrences >= fewest) continue;
      best = run;
      fewest = occurrences;
    }
  }
  return hasCommon && !best ? ("only_frequent_lines" as const) : best;
}

function placesOf(lines: readonly number[], from: number, to: number): Map<number, number[]> {
  const places = new Map<number, number[]>();
  for (let at = from; at < to; at += 1) {
    const line = lines[at] ?? -1;
    const known = places.get(line);
    if (known) known.push(at);
    else places.set(line, [at]);
  }
  return places;
}

function alignByEdits(before: readonly number[], after: readonly number[], stretch: Stretch, alignment: Alignment) {
  const { from, to, otherFrom, otherTo } = stretch;
  const parts = diffArrays(before.slice(from, to), after.slice(otherFrom, otherTo), { maxEditLength });
  let at = from;
  let otherAt = otherFrom;
  for (const { count, added, removed } of parts ?? []) {
    if (removed) alignment.gone.fill(true, at, at + count);
    if (added) alignment.come.fill(true, otherAt, otherAt + count);
    if (!added) at += count;
    if (!removed) otherAt += count;
  }
  // All of it, or what was left when the search was given up.
  alignment.gone.fill(true, at, to);
  alignment.come.fill(true, otherAt, otherTo);
}
