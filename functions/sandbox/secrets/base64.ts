// Which parts of a text are base64 of another text? They are read once more, decoded: one level, no deeper.
import { hole, isPrintable, readPlain } from "./readings.ts";

export interface Decoded {
  text: string;
  /** Where in the encoded text the run stands that this place of the decoded one comes from. */
  origin(at: number): Run;
}

interface Run {
  start: number;
  end: number;
}

const minCharacters = 20;
/** Lines as an encoder breaks them: it fills whole groups of four. */
const minWrappedCharacters = 40;
const minPrintableShare = 0.8;
const lineBreak = /\r?\n[ \t]{0,40}/y;

const alphabets = ["+/", "-_"].map((symbols) =>
  Uint8Array.from({ length: 256 }, (_, code) => {
    const character = String.fromCharCode(code);
    return /[A-Za-z0-9]/.test(character) || symbols.includes(character) ? 1 : 0;
  }),
);

/** All runs as one text, a line or more for each; undefined when there are none. */
export function decodeBase64(text: string): Decoded | undefined {
  const origins: { at: number; run: Run }[] = [];
  const parts: string[] = [];
  let at = 0;
  for (const alphabet of alphabets) {
    for (const run of findRuns(text, alphabet)) {
      const bytes = Buffer.from(text.slice(run.start, run.end).replace(/\s/g, ""), "base64");
      if (printableShare(bytes) < minPrintableShare) continue;
      const part = `${readPlain(bytes)}\n${hole}\n`;
      origins.push({ at, run });
      parts.push(part);
      at += part.length;
    }
  }
  if (parts.length === 0) return undefined;
  const origin = (place: number) => origins.findLast((one) => one.at <= place)?.run ?? { start: 0, end: 0 };
  return { text: parts.join(""), origin };
}

/** By hand: as a pattern this took longer than all the rules together. */
function* findRuns(text: string, alphabet: Uint8Array): Generator<Run, void, undefined> {
  const endOf = (from: number) => {
    let at = from;
    while (alphabet[text.charCodeAt(at)] === 1) at += 1;
    return at;
  };
  for (let start = 0; start < text.length; ) {
    let end = endOf(start);
    for (let line = end - start; line >= minWrappedCharacters && line % 4 === 0; ) {
      lineBreak.lastIndex = end;
      const next = lineBreak.test(text) ? lineBreak.lastIndex : end;
      line = endOf(next) - next;
      if (line > 0) end = next + line;
    }
    if (end - start >= minCharacters) yield { start, end };
    start = end + 1;
  }
}

function printableShare(bytes: Uint8Array): number {
  let printable = 0;
  for (const byte of bytes) if (isPrintable(byte)) printable += 1;
  return printable / Math.max(bytes.length, 1);
}
