// How do rows fit into the terminal? Columns as wide as they need; the one that may grow is cut, and ids never are.
import stringWidth from "string-width";
import { bold, oneLine, print, terminalWidth } from "./terminal.ts";

export interface Column<T> {
  title: string;
  of(row: T): string | number | undefined;
  /** Cut when the terminal is too narrow. */
  flexible?: true;
  right?: true;
  style?(padded: string, row: T): string;
}

const gap = "  ";
const leastFlexible = 12;

export function printTable<T>(rows: readonly T[], columns: readonly Column<T>[]): void {
  print(formatTable(rows, columns, terminalWidth()));
}

export function formatTable<T>(rows: readonly T[], columns: readonly Column<T>[], width: number): string {
  const cells = rows.map((row) => columns.map(({ of }) => oneLine(String(of(row) ?? ""))));
  const widths = columns.map(({ title }, at) =>
    Math.max(title.length, ...cells.map((line) => stringWidth(line[at] ?? ""))),
  );
  const flexible = columns.findIndex((column) => column.flexible);
  const total = widths.reduce((sum, one) => sum + one, 0) + gap.length * (columns.length - 1);
  if (flexible >= 0 && total > width) {
    widths[flexible] = Math.max(leastFlexible, (widths[flexible] ?? 0) - (total - width));
  }
  const lay = (line: readonly string[], style: (padded: string, at: number) => string) =>
    columns
      .map((column, at) => {
        const isLast = at === columns.length - 1;
        return style(pad(line[at] ?? "", widths[at] ?? 0, column.right ?? false, isLast), at);
      })
      .join(gap)
      .trimEnd();
  const titles = lay(
    columns.map(({ title }) => title),
    (padded) => bold(padded),
  );
  const lines = rows.map((row, index) =>
    lay(cells[index] ?? [], (padded, at) => columns[at]?.style?.(padded, row) ?? padded),
  );
  return [titles, ...lines].join("\n");
}

function pad(text: string, width: number, right: boolean, isLast: boolean): string {
  const cut = cutTo(text, width);
  const space = " ".repeat(Math.max(0, width - stringWidth(cut)));
  if (right) return space + cut;
  return isLast ? cut : cut + space;
}

export function cutTo(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = "";
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (stringWidth(kept + segment) > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** Name and value, one a line; what has no value is left out. */
export function printFields(fields: readonly (readonly [string, string | number | undefined])[]): void {
  const shown = fields.filter(([, value]) => value !== undefined && value !== "");
  const width = Math.max(...shown.map(([name]) => name.length));
  for (const [name, value] of shown) {
    const lines = String(value).split("\n");
    print(`${bold(name.padEnd(width))}  ${lines.join(`\n${" ".repeat(width + 2)}`)}`);
  }
}
