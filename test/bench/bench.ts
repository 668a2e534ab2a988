// What is a bench? A description for people, and a measurement that answers rows: medians of rounds, with their spread.

export interface Bench {
  name: string;
  title: string;
  /** What is held against what. */
  compares: string;
  method: string;
  /** What nobody may conclude from the figures. */
  doesNotShow: string;
  measure(options: BenchOptions): Promise<Measured>;
}

export interface BenchOptions {
  /** Small sizes, to see whether it works: its figures are kept nowhere. */
  quick: boolean;
  /** Also the sizes that take longer than all benches together should. */
  full: boolean;
}

export interface Measured {
  rounds: number;
  /** How much of what: `{ kills: 200 }`. */
  sizes: Record<string, number>;
  /** They are larger than those of a run without `--full`. */
  full?: boolean;
  rows: Row[];
  /** What the figures come to, a line each; the last line is the last that is printed. */
  remarks: string[];
}

export interface Row {
  /** The heading of the table it stands in. */
  group: string;
  what: string;
  unit: string;
  /** Of what was counted or read once: that. */
  median: number;
  min: number;
  max: number;
  /** How it stands to what it is compared with: `3.2 × its least`. */
  beside?: string;
}

/** Of the same clock as what other processes say, and finer: `Date.now()` with what is behind the point. */
export const now = (): number => performance.timeOrigin + performance.now();

/** The place that so large a part of the sample does not exceed. */
export function percentile(sample: readonly number[], part: number): number {
  const sorted = sample.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}

/** Of an even number the mean of the two in the middle. */
export function median(sample: readonly number[]): number {
  const sorted = sample.toSorted((a, b) => a - b);
  const middle = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
  return middle.reduce<number>((sum, value) => sum + (value ?? Number.NaN), 0) / 2;
}

/** Throws where something was not measured: no number must not become one of the page. */
export function rowOf(group: string, what: string, unit: string, sample: readonly number[], beside?: string): Row {
  if (sample.length === 0 || !sample.every(Number.isFinite))
    throw new Error(`"${what}" of "${group}" was not measured: ${sample.join(", ") || "nothing"}`);
  const [min, max] = [percentile(sample, 0), percentile(sample, 1)];
  return { group, what, unit, median: median(sample), min, max, ...(beside === undefined ? {} : { beside }) };
}

/** One that was counted, or is a figure of all rounds together. */
export const exactly = (group: string, what: string, unit: string, value: number, beside?: string): Row =>
  rowOf(group, what, unit, [value], beside);

/**
 * What each subject measured in each round. They take turns within a round, so that a slow moment of the machine is
 * everybody's. The first round fills the caches and is not kept.
 */
export async function takeTurns<Subject, Sample>(
  subjects: readonly Subject[],
  rounds: number,
  measureOnce: (subject: Subject) => Promise<Sample>,
): Promise<Map<Subject, Sample[]>> {
  const samples = new Map<Subject, Sample[]>(subjects.map((subject) => [subject, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const subject of subjects) {
      const sample = await measureOnce(subject);
      if (round > 0) samples.get(subject)?.push(sample);
    }
  }
  return samples;
}

/** The samples of each way, by its name. */
export async function compare<Ways extends Record<string, () => unknown>>(ways: Ways, rounds: number) {
  const taken = await takeTurns(Object.keys(ways), rounds, async (name) => ways[name]?.());
  return Object.fromEntries(taken) as { [Name in keyof Ways]: Awaited<ReturnType<Ways[Name]>>[] };
}
