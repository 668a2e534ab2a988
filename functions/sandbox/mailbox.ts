// How does whoever reads the socket hand one frame at a time to whoever is waiting for it?
import type { Frame } from "./frames.ts";

/** Holds one frame at most: `put` settles when it is taken, so an unread frame stops the reading of the socket. */
export interface Mailbox {
  put(frame: Frame): Promise<void>;
  take(): Promise<Frame>;
  /** Every take fails from now on; a frame that was put is forgotten. */
  fail(error: Error): void;
  readonly isEmpty: boolean;
}

export function openMailbox(): Mailbox {
  let unread: { frame: Frame; taken: () => void } | undefined;
  let taker: { resolve: (frame: Frame) => void; reject: (error: Error) => void } | undefined;
  let failure: Error | undefined;

  return {
    async put(frame) {
      if (failure) return;
      if (taker) {
        taker.resolve(frame);
        taker = undefined;
        return;
      }
      await new Promise<void>((taken) => {
        unread = { frame, taken };
      });
    },
    async take() {
      if (failure) throw failure;
      if (unread) {
        const { frame, taken } = unread;
        unread = undefined;
        taken();
        return frame;
      }
      return new Promise<Frame>((resolve, reject) => {
        taker = { resolve, reject };
      });
    },
    fail(error) {
      failure ??= error;
      taker?.reject(failure);
      unread?.taken();
      taker = undefined;
      unread = undefined;
    },
    get isEmpty() {
      return unread === undefined;
    },
  };
}
