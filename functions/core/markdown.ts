// How do words of other people stand in a text of ours? As code, where no mention calls anybody and nothing ends the block.

const maxLineCharacters = 500;

/** No text needs longer ones, and a fence is as long as the longest within. */
const overlongRun = /`{100,}/g;

/** A block that the text cannot close: its fence is longer than any within. */
export function fence(words: string): string {
  const text = words.replaceAll(overlongRun, "`".repeat(99));
  const longest = (text.match(/`{3,}/g) ?? []).reduce((length, run) => Math.max(length, run.length), 2);
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}

/** One line, also within a table. */
export function code(text: string): string {
  const line = text.replace(/\s+/g, " ").replaceAll("`", "'").replaceAll("|", "\\|");
  return `\`${cutTo(line, maxLineCharacters)}\``;
}

export const cutTo = (text: string, maxCharacters: number): string =>
  text.length <= maxCharacters ? text : `${text.slice(0, maxCharacters).toWellFormed()}…`;
