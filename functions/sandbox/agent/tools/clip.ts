// Which part of a long output does the model get to see? The beginning and the end, and how much lies between.

export interface Clip {
  write(chunk: Buffer): void;
  read(): string;
}

/** Holds no more than it will show, however much comes. */
export function openClip(maxBytes: number): Clip {
  const maxHeadBytes = Math.floor(maxBytes / 2);
  const maxTailBytes = maxBytes - maxHeadBytes;
  let head = Buffer.alloc(0);
  let tail = Buffer.alloc(0);
  let total = 0;
  return {
    write(chunk) {
      total += chunk.length;
      const room = maxHeadBytes - head.length;
      if (room > 0) head = Buffer.concat([head, chunk.subarray(0, room)]);
      if (chunk.length > room) tail = Buffer.concat([tail, chunk.subarray(Math.max(0, room))]).subarray(-maxTailBytes);
    },
    read() {
      const cut = total - head.length - tail.length;
      if (cut === 0) return Buffer.concat([head, tail]).toString();
      return `${head}\n[drover: ${cut} bytes were cut out here, of ${total}]\n${tail}`;
    },
  };
}

const maxLineCharacters = 500;

/** One line of a minified file must not fill the whole result. */
export function clipLines(output: string): string {
  return output
    .split("\n")
    .map((line) => {
      if (line.length <= maxLineCharacters) return line;
      return `${line.slice(0, maxLineCharacters).toWellFormed()}… [${line.length - maxLineCharacters} characters cut]`;
    })
    .join("\n");
}
