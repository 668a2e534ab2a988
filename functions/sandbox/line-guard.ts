// Which lines of a log are drover's own? Those that begin like one; what the agent prints must not.

const marker = "[drover]";
const forged = /([\r\n])\[drover\]/g;

export interface LineGuard {
  /** The same output, with a space before what would look like a line of drover's own. May hold back a line's beginning. */
  pass(bytes: Buffer): Buffer;
  /** What is held back at the moment. */
  held(): Buffer;
  /** What was held back, and what it takes for a line of drover's own to begin. */
  breakLine(): Buffer;
}

export function openLineGuard(): LineGuard {
  // What has been passed on ends here: only the character before a line's beginning matters.
  let before = "\n";
  let held = "";
  return {
    pass(bytes) {
      const text = (before + held + bytes.toString("latin1")).replace(forged, "$1 [drover]");
      held = findBeginning(text);
      const passed = text.slice(1, text.length - held.length);
      before = passed.at(-1) ?? before;
      return Buffer.from(passed, "latin1");
    },
    held: () => Buffer.from(held, "latin1"),
    breakLine() {
      const rest = held + (held !== "" || !isLineEnd(before) ? "\n" : "");
      before = "\n";
      held = "";
      return Buffer.from(rest, "latin1");
    },
  };
}

const isLineEnd = (character: string) => character === "\n" || character === "\r";

/** The end of the text, if that is a line which may yet become the marker. */
function findBeginning(text: string): string {
  for (let length = Math.min(marker.length - 1, text.length - 1); length > 0; length -= 1) {
    if (isLineEnd(text.charAt(text.length - length - 1)) && marker.startsWith(text.slice(-length))) {
      return text.slice(-length);
    }
  }
  return "";
}
