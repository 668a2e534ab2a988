// How much of the code did the tests reach? From istanbul's json-summary or from lcov.
import { z } from "zod";

export interface Coverage {
  /** Percent, like the others. */
  lines: number;
  branches?: number;
  functions?: number;
  statements?: number;
}

/** Undefined when it cannot be read, or when nothing was measured. */
export function readCoverage(text: string): Coverage | undefined {
  return text.trimStart().startsWith("{") ? readSummary(text) : readLcov(text);
}

const part = z.object({ total: z.int().nonnegative(), covered: z.int().nonnegative() });
const summary = z.object({
  total: z.object({ lines: part, branches: part.optional(), functions: part.optional(), statements: part.optional() }),
});

function readSummary(text: string): Coverage | undefined {
  const { data } = summary.safeParse(parse(text));
  return data && toCoverage(data.total);
}

type Part = z.output<typeof part>;

function toCoverage({
  lines,
  ...rest
}: {
  lines: Part;
  branches?: Part | undefined;
  functions?: Part | undefined;
  statements?: Part | undefined;
}) {
  if (lines.total === 0 || [lines, ...Object.values(rest)].some((one) => one && one.covered > one.total))
    return undefined;
  const others = Object.entries(rest).flatMap(([name, one]) => (one && one.total > 0 ? [[name, toPercent(one)]] : []));
  return { lines: toPercent(lines), ...Object.fromEntries(others) } as Coverage;
}

/** Down, never up: 84.999 % is not 85 %. */
const toPercent = ({ covered, total }: Part) => Math.floor((covered / total) * 10_000) / 100;

/** Line by line, not by the sums that each file ends with. */
function readLcov(text: string): Coverage | undefined {
  const found = { lines: newPart(), branches: newPart(), functions: newPart() };
  for (const line of text.split("\n")) {
    const [, kind, fields = ""] = /^(DA|BRDA|FNDA):(.+)$/.exec(line.trimEnd()) ?? [];
    const [first = "", second = "", , fourth = ""] = fields.split(",");
    if (kind === "DA") count(found.lines, second);
    if (kind === "BRDA") count(found.branches, fourth);
    if (kind === "FNDA") count(found.functions, first);
  }
  return toCoverage(found);
}

const newPart = (): Part => ({ total: 0, covered: 0 });

function count(part: Part, hits: string): void {
  part.total++;
  if (Number(hits) > 0) part.covered++;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Half a report is none.
    return undefined;
  }
}
