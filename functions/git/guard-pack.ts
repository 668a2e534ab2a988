// What does a pack inflate to? Looked at before the engine does it in memory, for a few kilobytes can be gigabytes.
import fs from "node:fs";
import { setImmediate as breathe } from "node:timers/promises";
import { inflateSync } from "node:zlib";
import { HttpFailure } from "./http.ts";
import { describeMb, type ReadLimits, TooLargeError } from "./limits.ts";

const headerBytes = 12;
const trailerBytes = 20;
const oidBytes = 20;
const offsetDelta = 6;
const namedDelta = 7;
/** From here on the engine keeps what it has made, for the next one in the chain. */
const keptDepth = 3;
const objectsBetweenBreaths = 200;
const bytesBetweenBreaths = 16 * 1024 * 1024;

/** For the engine, which writes a pack to the disk before it reads it. */
export function guardPacks(limits: ReadLimits) {
  const writeFile: typeof fs.promises.writeFile = async (path, data, options) => {
    if (String(path).endsWith(".pack")) await refuseLargePack(data as Buffer, limits);
    return fs.promises.writeFile(path, data, options);
  };
  return { promises: { ...fs.promises, writeFile } };
}

/** Throws `TooLargeError`. One object at a time is in memory, and none that says it is larger than it may be. */
export async function refuseLargePack(pack: Buffer, limits: ReadLimits): Promise<void> {
  let unpacked = 0;
  let held = 0;
  let objects = 0;
  let bytes = 0;
  for (const { size, depth } of readSizes(pack, limits)) {
    unpacked += size;
    objects += 1;
    bytes += size;
    if (depth > keptDepth) held += size;
    if (unpacked > limits.unpackedBytes || held > limits.heldBytes) {
      const kept = limits.unpackedBytes < unpacked ? limits.unpackedBytes : limits.heldBytes;
      throw tooLarge(`what the server sent inflates to more than ${describeMb(kept)}`, limits);
    }
    if (objects < objectsBetweenBreaths && bytes < bytesBetweenBreaths) continue;
    await breathe();
    objects = 0;
    bytes = 0;
  }
}

/** Of each object what it is in the end, and how many differences lie between it and one that is whole. */
function* readSizes(pack: Buffer, limits: ReadLimits): Generator<{ size: number; depth: number }, void> {
  const depths = new Map<number, number>();
  const count = pack.length < headerBytes ? 0 : pack.readUInt32BE(8);
  let at = headerBytes;
  for (let left = count; left > 0 && at < pack.length - trailerBytes; left--) {
    const start = at;
    const header = readHeader(pack, at);
    refuseLargeObject(header.size, limits);
    const { bytes, consumed } = inflate(pack.subarray(header.end), header.size);
    at = header.end + consumed;
    const isDelta = header.type === offsetDelta || header.type === namedDelta;
    const size = isDelta ? readResultSize(bytes) : header.size;
    refuseLargeObject(size, limits);
    // A base that is only named may be at the end of a chain itself.
    const below = header.base === undefined ? keptDepth : (depths.get(start - header.base) ?? keptDepth);
    const depth = isDelta ? below + 1 : 0;
    depths.set(start, depth);
    yield { size, depth };
  }
}

function refuseLargeObject(size: number, limits: ReadLimits): void {
  if (size <= limits.objectBytes) return;
  throw tooLarge(`the repository holds a file of more than ${describeMb(limits.objectBytes)}`, limits);
}

function tooLarge(what: string, { memoryMb }: ReadLimits): TooLargeError {
  return new TooLargeError(`${what}, which is all that is taken with ${memoryMb.toLocaleString("en-US")} MB of memory`);
}

/** `base` is how far back the base of a difference lies, where it is told so. */
function readHeader(pack: Buffer, from: number): { type: number; size: number; base?: number; end: number } {
  let at = from;
  const next = () => {
    const byte = pack[at++];
    if (byte === undefined) throw broken();
    return byte;
  };
  let byte = next();
  const type = (byte >> 4) & 7;
  let size = byte & 15;
  for (let scale = 16; byte & 128; scale *= 128) {
    byte = next();
    size += (byte & 127) * scale;
  }
  if (type === namedDelta) return { type, size, end: at + oidBytes };
  if (type !== offsetDelta) return { type, size, end: at };
  byte = next();
  let base = byte & 127;
  while (byte & 128) {
    byte = next();
    base = (base + 1) * 128 + (byte & 127);
  }
  return { type, size, base, end: at };
}

function inflate(deflated: Buffer, size: number): { bytes: Buffer; consumed: number } {
  try {
    // The types do not know what `info` makes of the answer.
    const answer: unknown = inflateSync(deflated, { info: true, maxOutputLength: Math.max(size, 1) });
    const { buffer, engine } = answer as { buffer: Buffer; engine: { bytesWritten: number } };
    return { bytes: buffer, consumed: engine.bytesWritten };
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== "ERR_BUFFER_TOO_LARGE") throw broken(cause);
    throw new TooLargeError("what the server sent holds an object that inflates to more than it says");
  }
}

/** A difference begins with the size of its base and that of its result, seven bits a byte. */
function readResultSize(delta: Buffer): number {
  let at = 0;
  const read = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = delta[at++];
      if (byte === undefined) throw broken();
      value += (byte & 127) * scale;
      if ((byte & 128) === 0) return value;
    }
  };
  read();
  return read();
}

const broken = (cause?: unknown) => new HttpFailure("what the server sent is no pack that git would read", { cause });
