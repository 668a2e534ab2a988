// How are two sockets made into one connection?
import type { Duplex } from "node:stream";

/**
 * Bytes flow both ways, and either side may stop sending while it still listens (both sockets need `allowHalfOpen`).
 * When one breaks, the other goes with it; after a clean end it is left to send what it still holds.
 */
export function joinSockets(one: Duplex, other: Duplex): void {
  passOn(one, other);
  passOn(other, one);
}

/** One direction of it. */
export function passOn(from: Duplex, to: Duplex): void {
  // Every error is followed by `close`.
  from.on("error", () => undefined);
  from.on("close", () => {
    if (!from.readableEnded || !from.writableFinished) to.destroy();
  });
  from.pipe(to);
}
