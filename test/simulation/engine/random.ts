// Where does chance come from? From one seed; each activity has a stream of its own, so that leaving out one fault
// leaves the chance of everything else as it was.

/** A 32-bit hash of a seed and a name (FNV-1a, then mixed). */
export function hashName(seed: number, name: string): number {
  let hash = seed ^ 0x811c9dc5;
  for (let i = 0; i < name.length; i += 1) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** The n-th of those that share a hash. */
export function hashNumber(hash: number, n: number): number {
  const mixed = Math.imul(hash ^ Math.imul(n, 0x9e3779b1), 0x2c1b3c6d);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

/** mulberry32: small, fast, and good enough to choose faults. */
export class Random {
  #state: number;
  /** How many numbers were drawn: together with the stream's name it names one decision. */
  draws = 0;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Uniform in [0, 1). */
  next(): number {
    this.draws += 1;
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number of [low, high]. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }
}
