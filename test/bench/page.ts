// How are results shown? As tables in the terminal and in docs/performance.md, which is written from all that are kept.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Bench, Measured, Row } from "./bench.ts";

/** The class of a machine, and not its name. */
interface Machine {
  cores: number;
  cpu: string;
  arch: string;
  memoryGb: number;
  node: string;
}

export interface Result extends Omit<Bench, "measure">, Measured {
  at: string;
  /** Of what was measured; absent where it was no checkout. */
  commit?: string;
  machine: Machine;
  /** How many processes wanted to run, in the mean of a minute; more than the cores is a busy machine. */
  load: { start: number; end: number };
}

export const pagePath = resolve(import.meta.dirname, "../../docs/performance.md");
const resultsDir = join(import.meta.dirname, "results");
const resultPathOf = (name: string) => join(resultsDir, `${name}.json`);

export function readResults(): Result[] {
  const names = readdirSync(resultsDir).filter((name) => name.endsWith(".json"));
  return names.map((name) => JSON.parse(readFileSync(join(resultsDir, name), "utf8")) as Result);
}

/** Answers why it is not kept, if it is not: what took hours does not give way to a run of a minute. */
export function keepResult(result: Result, kept = readResults()): string | undefined {
  const { name, full = false } = result;
  if (!full && kept.some((one) => one.name === name && one.full))
    return `Nothing is kept of this: the page has what \`npm run bench -- ${name} --full\` has measured.`;
  writeFileSync(resultPathOf(name), `${JSON.stringify(result, null, 2)}\n`);
  return undefined;
}

export const beginOf = (name: string): string => `<!-- written by \`npm run bench -- ${name}\`, from here -->`;
const end = "<!-- to here -->";

/** The page as it is, with each result anew in its place. */
export function redrawPage(page = readFileSync(pagePath, "utf8"), results = readResults()): string {
  return results.reduce((drawn, result) => {
    const [before, rest] = split(drawn, beginOf(result.name));
    const [, after] = split(rest, end);
    return `${before}${beginOf(result.name)}\n${renderResult(result)}\n${end}${after}`;
  }, page);
}

function split(text: string, at: string): [before: string, after: string] {
  const index = text.indexOf(at);
  if (index < 0) throw new Error(`docs/performance.md has no line "${at}": give the bench its place there.`);
  return [text.slice(0, index), text.slice(index + at.length)];
}

function renderResult(result: Result): string {
  const { title, compares, method, doesNotShow, rounds, remarks } = result;
  const sizes = Object.entries(result.sizes).map(([what, size]) => `${size.toLocaleString("en")} ${what}`);
  const { load, machine } = result;
  const tables = groupsOf(result).map(([group, rows]) => {
    const lines = rows.map((row) => `| ${[row.what, ...cellsOf(row)].map(forTable).join(" | ")} |`);
    return [`| ${forTable(group)} | value | from – to | |`, "| --- | --- | --- | --- |", ...lines].join("\n");
  });
  const paragraphs = [
    `## ${title}`,
    compares,
    ...tables,
    ...remarks.map((remark) => `**${remark}**`),
    `${method} ${[`${rounds} ${rounds === 1 ? "round" : "rounds"}`, ...sizes].join(", ")}.`,
    `Not shown: ${doesNotShow}`,
    `${describeRun(result)}, ${describeMachine(machine)}, load ${load.start.toFixed(1)} before and ${load.end.toFixed(1)} after.`,
  ];
  return `\n${paragraphs.join("\n\n")}\n`;
}

const describeRun = ({ at, commit, full }: Result) =>
  [at.slice(0, 10), ...(commit ? [`commit ${commit}`] : []), ...(full ? ["with `--full`"] : [])].join(", ");

export const describeMachine = ({ cores, cpu, arch, memoryGb, node }: Machine): string =>
  `${cores} cores (${cpu.trim()}, ${arch}), ${memoryGb} GB, Node ${node}`;

export function printTables(result: Result): void {
  for (const [group, rows] of groupsOf(result)) {
    console.log(`\n  ${group}`);
    const width = Math.max(...rows.map(({ what }) => what.length));
    for (const row of rows) {
      const [value = "", spread = "", beside = ""] = cellsOf(row);
      console.log(`    ${row.what.padEnd(width)}  ${value.padStart(14)}  ${spread.padEnd(18)}${beside}`.trimEnd());
    }
  }
  for (const remark of result.remarks) console.log(remark);
}

const groupsOf = ({ rows }: Measured) => [...Map.groupBy(rows, ({ group }) => group)];

function cellsOf({ median, min, max, unit, beside = "" }: Row): string[] {
  const spread = min === max ? "" : `${show(min)} – ${show(max)}`;
  return [`${show(median)} ${unit}`, spread, beside];
}

/** Three figures are more than most measurements hold. */
export function show(value: number): string {
  const maximumFractionDigits = Number.isInteger(value) || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString("en", { maximumFractionDigits });
}

const forTable = (text: string) => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
