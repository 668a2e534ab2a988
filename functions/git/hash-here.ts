// Where is an object hashed that the engine asks Web Crypto about? On this thread, while it is small.
import { hash, type webcrypto } from "node:crypto";

const smallBytes = 64 * 1024;
/** The next one goes to the other thread all the same: else nothing but the engine would run until its pack is read. */
const inARow = 200;

/**
 * Web Crypto has another thread do it, and the engine waits for each: of a clone of 30,000 files, that was half the time.
 * Whoever else asks gets the same answers, too.
 */
export function hashSmallHere(subtle: Pick<webcrypto.SubtleCrypto, "digest">): void {
  const elsewhere = subtle.digest.bind(subtle);
  let count = 0;
  subtle.digest = async (algorithm, data) => {
    if (algorithm !== "SHA-1" || !(data instanceof Uint8Array) || data.length > smallBytes || count++ === inARow) {
      count = 0;
      return elsewhere(algorithm, data);
    }
    return Uint8Array.from(hash("sha1", data, "buffer")).buffer;
  };
}
