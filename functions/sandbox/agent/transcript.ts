// What has the agent said and done, for people to read later? One JSON object a line, bounded, and without secrets.

export interface TranscriptRecord {
  type:
    | "input"
    | "message"
    | "text"
    | "thinking"
    | "tool"
    | "result"
    | "call"
    | "retry"
    | "compacted"
    | "rotated"
    | "note"
    | "failed";
  [field: string]: unknown;
}

export interface Transcript {
  write(record: TranscriptRecord): void;
  /** NDJSON: the beginning and the end; what had to go in between is said there. */
  read(): Buffer;
}

export interface TranscriptOptions {
  redact: (text: string) => string;
  now?: () => number;
  maxBytes?: number;
  /** Of one text in a record. */
  maxTextCharacters?: number;
}

export function openTranscript(options: TranscriptOptions): Transcript {
  const { redact, now = Date.now, maxBytes = 4 * 1024 * 1024, maxTextCharacters = 8_000 } = options;
  const maxHeadBytes = Math.floor(maxBytes / 2);
  const head: Buffer[] = [];
  const tail: Buffer[] = [];
  let headBytes = 0;
  let tailBytes = 0;
  const cut = { records: 0, bytes: 0 };

  const shorten = (_name: string, value: unknown) => {
    // Before it is cut: half of a secret is not found any more.
    const clean = typeof value === "string" ? redact(value) : value;
    if (typeof clean !== "string" || clean.length <= maxTextCharacters) return clean;
    const over = clean.length - maxTextCharacters;
    return `${clean.slice(0, maxTextCharacters).toWellFormed()}… [${over} characters cut]`;
  };

  return {
    write(record) {
      const line = Buffer.from(`${JSON.stringify({ at: now(), ...record }, shorten)}\n`);
      if (tail.length === 0 && headBytes + line.length <= maxHeadBytes) {
        head.push(line);
        headBytes += line.length;
        return;
      }
      tail.push(line);
      tailBytes += line.length;
      while (headBytes + tailBytes > maxBytes && tail.length > 0) {
        const gone = tail.shift()?.length ?? 0;
        tailBytes -= gone;
        cut.records += 1;
        cut.bytes += gone;
      }
    },
    read() {
      const gap = cut.records > 0 ? [Buffer.from(`${JSON.stringify({ at: now(), type: "cut", ...cut })}\n`)] : [];
      return Buffer.concat([...head, ...gap, ...tail]);
    },
  };
}
