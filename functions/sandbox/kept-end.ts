// What are the last bytes of a stream, whatever the pieces that it comes in?

export interface KeptEnd {
  write(bytes: Buffer): void;
  /** How many are kept: all, up to as many as there is room for. */
  readonly length: number;
  read(): Buffer;
}

/** A ring: a byte that comes alone takes no more room, and no more time, than one among many. */
export function keepEnd(maxBytes: number): KeptEnd {
  let ring: Buffer | undefined;
  let next = 0;
  let length = 0;
  return {
    write(bytes) {
      ring ??= Buffer.allocUnsafeSlow(maxBytes);
      const kept = bytes.subarray(-maxBytes);
      const copied = kept.copy(ring, next);
      kept.copy(ring, 0, copied);
      next = (next + kept.length) % maxBytes;
      length = Math.min(maxBytes, length + kept.length);
    },
    get length() {
      return length;
    },
    read() {
      if (!ring || length < maxBytes) return Buffer.from(ring?.subarray(0, length) ?? []);
      return Buffer.concat([ring.subarray(next), ring.subarray(0, next)]);
    },
  };
}
