// What is written to the terminal, and in which form? People's words or a program's JSON, never a stranger's control characters.
import { stripVTControlCharacters, styleText } from "node:util";

export const print = (text: string) => void process.stdout.write(`${text}\n`);
/** Beside the answer: what a pipe shall not get. */
export const note = (text: string) => void process.stderr.write(`${text}\n`);
export const printJson = (value: unknown) => print(JSON.stringify(value, null, 2));
export const printJsonLine = (value: unknown) => print(JSON.stringify(value));

/** Colours follow the terminal, NO_COLOR and FORCE_COLOR. */
export const dim = (text: string) => styleText("dim", text);
export const bold = (text: string) => styleText("bold", text);
export const red = (text: string) => styleText("red", text);
export const green = (text: string) => styleText("green", text);
export const yellow = (text: string) => styleText("yellow", text);
export const cyan = (text: string) => styleText("cyan", text);

/** Unlimited where nobody looks: a program gets everything. */
export const terminalWidth = () => (process.stdout.isTTY ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY);

/** What an agent printed must not steer the terminal; a pipe gets it as it is. */
export const tame = (text: string) =>
  process.stdout.isTTY ? stripVTControlCharacters(text).replaceAll(/[^\P{Cc}\n\t]/gu, "") : text;

/** For one cell or one line, wherever it goes. */
export const oneLine = (text: string) =>
  stripVTControlCharacters(text)
    .replaceAll(/[\s\p{Cc}]+/gu, " ")
    .trim();

const colours = {
  completed: green,
  failed: red,
  killed: yellow,
  running: cyan,
  verifying: cyan,
  publishing: cyan,
  launching: cyan,
} as const;

/** `padded` is what is coloured, so that columns keep their width. */
export function colourStatus(status: string, padded = status): string {
  return status in colours ? colours[status as keyof typeof colours](padded) : padded;
}
