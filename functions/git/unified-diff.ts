// How does git show the change of one file? Text that `git apply` takes; bytes travel as latin1, so none is lost.
import { structuredPatch } from "diff";

/** One side of a change. `content` holds one byte per character. */
export interface Side {
  mode: string;
  oid: string;
  content: string;
}

export interface FileDiff {
  text: string;
  additions: number;
  deletions: number;
  binary: boolean;
}

interface Hunk {
  oldStart: number;
  oldLines: number;
  newStart: number;
  newLines: number;
  lines: string[];
}

/** Beyond this many changed lines, finding the shortest script takes seconds: all out, all in, is as true. */
const maxEditLength = 2000;
const contextLines = 3;
const nullOid = "0".repeat(40);
/** Git looks this far for a NUL before it calls a file binary. */
const binaryCheckLength = 8000;
const noNewline = "\\ No newline at end of file";

export function renderFileDiff(path: string, before: Side | undefined, after: Side | undefined): FileDiff {
  const binary = isBinary(before) || isBinary(after);
  const lines = [`diff --git ${quotePath(`a/${path}`)} ${quotePath(`b/${path}`)}`, ...modeLines(before, after)];
  // The full ids let `git apply` take a binary change too, where the objects are at hand.
  if (before?.oid !== after?.oid) {
    const mode = before && before.mode === after?.mode ? ` ${before.mode}` : "";
    lines.push(`index ${before?.oid ?? nullOid}..${after?.oid ?? nullOid}${mode}`);
  }
  const from = before ? fileHeader("a/", path) : "/dev/null";
  const to = after ? fileHeader("b/", path) : "/dev/null";
  if (binary) {
    if (before?.oid !== after?.oid) lines.push(`Binary files ${from.trimEnd()} and ${to.trimEnd()} differ`);
    return { text: `${lines.join("\n")}\n`, additions: 0, deletions: 0, binary };
  }
  const hunks = findHunks(before?.content ?? "", after?.content ?? "");
  if (hunks.length > 0) lines.push(`--- ${from}`, `+++ ${to}`);
  let additions = 0;
  let deletions = 0;
  for (const hunk of hunks) {
    lines.push(`@@ -${range(hunk.oldStart, hunk.oldLines)} +${range(hunk.newStart, hunk.newLines)} @@`);
    for (const line of hunk.lines) {
      lines.push(line);
      if (line.startsWith("+")) additions++;
      if (line.startsWith("-")) deletions++;
    }
  }
  return { text: `${lines.join("\n")}\n`, additions, deletions, binary };
}

function isBinary(side: Side | undefined): boolean {
  return side?.content.slice(0, binaryCheckLength).includes("\0") ?? false;
}

function modeLines(before: Side | undefined, after: Side | undefined): string[] {
  if (!before) return [`new file mode ${after?.mode}`];
  if (!after) return [`deleted file mode ${before.mode}`];
  return before.mode === after.mode ? [] : [`old mode ${before.mode}`, `new mode ${after.mode}`];
}

function findHunks(before: string, after: string): Hunk[] {
  if (before === after) return [];
  if (before === "" || after === "") return [replaceAll(before, after)];
  const patch = structuredPatch("", "", before, after, "", "", { context: contextLines, maxEditLength });
  return patch?.hunks ?? [replaceAll(before, after)];
}

function replaceAll(before: string, after: string): Hunk {
  const old = splitLines(before);
  const next = splitLines(after);
  const lines = [...signLines("-", old), ...signLines("+", next)];
  return { oldStart: 1, oldLines: old.length, newStart: 1, newLines: next.length, lines };
}

function splitLines(content: string): string[] {
  return content.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function signLines(sign: string, lines: string[]): string[] {
  return lines.flatMap((line) => {
    return line.endsWith("\n") ? [`${sign}${line.slice(0, -1)}`] : [`${sign}${line}`, noNewline];
  });
}

/** An empty range names the line before it; a single line needs no count. */
function range(start: number, lines: number): string {
  if (lines === 0) return `${start - 1},0`;
  return lines === 1 ? `${start}` : `${start},${lines}`;
}

/** With a space in the name git ends the header with a tab, so that the name's end can be seen. */
function fileHeader(side: string, path: string): string {
  const shown = quotePath(`${side}${path}`);
  return path.includes(" ") ? `${shown}\t` : shown;
}

const escapes = new Map([
  ["\x07", "\\a"],
  ["\b", "\\b"],
  ["\t", "\\t"],
  ["\n", "\\n"],
  ["\v", "\\v"],
  ["\f", "\\f"],
  ["\r", "\\r"],
  ['"', '\\"'],
  ["\\", "\\\\"],
]);

/** As git's core.quotePath: C escapes, and octal for every byte outside ASCII. */
function quotePath(path: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what we quote
  const odd = /[\u0000-\u001f"\\\u007f-\u00ff]/g;
  const quoted = path.replace(odd, (byte) => {
    return escapes.get(byte) ?? `\\${byte.charCodeAt(0).toString(8).padStart(3, "0")}`;
  });
  return quoted === path ? path : `"${quoted}"`;
}
