// How are the values of options read? What is not understood is said with what would be.
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { InvalidArgumentError } from "@commander-js/extra-typings";
import { CliError } from "./exit-codes.ts";

export function parseCount(value: string): number {
  const count = Number(value);
  if (!Number.isSafeInteger(count) || count < 0) throw new InvalidArgumentError("It is a whole number, like 10.");
  return count;
}

export function parseDollars(value: string): number {
  const dollars = Number(value.replace(/^\$/, ""));
  if (!Number.isFinite(dollars) || dollars <= 0) throw new InvalidArgumentError("It is an amount, like 2.50.");
  return dollars;
}

const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export function parseDurationMs(value: string): number {
  const match = /^(\d+(?:\.\d+)?)([smhd])$/.exec(value);
  if (!match) throw new InvalidArgumentError("It is a time, like 90s, 10m, 2h or 1d.");
  return Math.round(Number(match[1]) * units[match[2] as keyof typeof units]);
}

/** An option that may be given again; each may hold several, separated by commas. */
export const collect = (value: string, earlier: string[] = []): string[] => [
  ...earlier,
  ...value
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean),
];

/** `-` is the standard input, `@file` a file. */
export async function readText(value: string, what: string): Promise<string> {
  if (value === "-") return (await readInput(what)).trimEnd();
  if (!value.startsWith("@")) return value;
  try {
    return readFileSync(value.slice(1), "utf8").trimEnd();
  } catch (error) {
    throw new CliError(`${what} cannot be read from ${value.slice(1)}: ${(error as Error).message}`);
  }
}

/** Nobody types a secret or a document into a silent terminal by mistake. */
export async function readInput(what: string): Promise<string> {
  if (process.stdin.isTTY) throw new CliError(`${what} comes from the standard input: pipe it into this command`);
  return text(process.stdin);
}

/** Fields without a value are left out, since the API refuses what it does not know. */
export function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
