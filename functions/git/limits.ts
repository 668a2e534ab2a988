// How large may a repository be, for what its reader has of memory? The engine holds whole packs and objects there.

/** Trying again does not help. The message says what is too large, and what would be taken. */
export class TooLargeError extends Error {}

export interface ReadLimits {
  memoryMb: number;
  /** As it comes; the engine holds it four times for a moment. */
  packBytes: number;
  /** One file, directory or commit. */
  objectBytes: number;
  /** Everything in a pack, inflated one after the other. */
  unpackedBytes: number;
  /** Of that, what the engine keeps: the results of long chains of differences. */
  heldBytes: number;
  /** What is collected of the agent's work. Its push holds it a few times over. */
  workBytes: number;
}

const mebibyte = 2 ** 20;
const usualMemoryMb = 8_192;

export function limitsFor(memoryMb = usualMemoryMb): ReadLimits {
  const bytes = memoryMb * mebibyte;
  return {
    memoryMb,
    packBytes: bytes / 8,
    objectBytes: bytes / 10,
    unpackedBytes: bytes * 4,
    heldBytes: bytes / 8,
    workBytes: bytes / 8,
  };
}

export function describeMb(bytes: number): string {
  return `${Math.ceil(bytes / mebibyte).toLocaleString("en-US")} MB`;
}
