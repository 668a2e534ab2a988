// What did the agent print? The newest part for the heartbeat, and a log that keeps the beginning and the end.
import { StringDecoder } from "node:string_decoder";
import { maxBeatOutputCharacters } from "../core/task.ts";
import { keepEnd } from "./kept-end.ts";
import { openLineGuard } from "./line-guard.ts";

const maxHeadBytes = 512 * 1024;
const maxTailBytes = 512 * 1024;

export class OutputLog {
  #head: Buffer | undefined;
  #headBytes = 0;
  readonly #tail = keepEnd(maxTailBytes);
  #bytes = 0;
  readonly #guard = openLineGuard();
  readonly #decoder = new StringDecoder("utf8");
  #latest = "";
  #length = 0;

  /** Bytes that were printed, kept or not. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Characters that were printed. */
  get length(): number {
    return this.#length;
  }

  /** The newest characters, as many as a heartbeat carries. */
  get latest(): string {
    return this.#latest;
  }

  /** What the agent has printed. */
  write(chunk: Buffer | string): void {
    this.#append(this.#guard.pass(Buffer.from(chunk)));
  }

  #append(bytes: Buffer): void {
    this.#bytes += bytes.length;
    const text = this.#decoder.write(bytes);
    this.#length += text.length;
    this.#latest = `${this.#latest}${text}`.slice(-maxBeatOutputCharacters);
    const room = maxHeadBytes - this.#headBytes;
    if (room > 0) this.#keepHead(bytes.subarray(0, room));
    if (bytes.length > room) this.#tail.write(bytes.subarray(Math.max(room, 0)));
  }

  /** A line of drover's own, marked as such. */
  note(text: string): void {
    this.#append(Buffer.concat([this.#guard.breakLine(), Buffer.from(`[drover] ${text}\n`)]));
  }

  /** The kept log; what had to go is said where it is missing. */
  read(): Buffer {
    const cut = this.#bytes - this.#headBytes - this.#tail.length;
    const gap = cut > 0 ? [Buffer.from(`\n[drover] ${cut} bytes of output were left out here\n`)] : [];
    return Buffer.concat([this.#readHead(), ...gap, this.#tail.read(), this.#guard.held()]);
  }

  /** The last lines, for an error message; of what was printed once `length` was `since`. */
  lastText(characters: number, since = 0): string {
    const kept = Buffer.concat([this.#readHead(), this.#tail.read()]).toString();
    const start = Math.max(0, kept.length - (this.#length - since));
    return kept.slice(start).trimEnd().slice(-characters);
  }

  #readHead(): Buffer {
    return this.#head?.subarray(0, this.#headBytes) ?? Buffer.alloc(0);
  }

  #keepHead(bytes: Buffer): void {
    this.#head ??= Buffer.allocUnsafeSlow(maxHeadBytes);
    this.#headBytes += bytes.copy(this.#head, this.#headBytes);
  }
}
