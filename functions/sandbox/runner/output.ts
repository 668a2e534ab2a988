// How does the output of a command reach the supervisor, no faster than that takes it?
import type { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { type OutputStream, streamCodes } from "../protocol.ts";

const lookMs = 25;
/** Looks without any news after which nothing more is expected of a command that has exited. */
const quietLooks = 4;
/** A process left behind may write for ever. */
const maxLooks = 80;

export interface Output {
  /**
   * Once the command has exited: settles when all of its output is sent. A process that it left behind may hold the
   * pipe open; so this waits for the pipe to be quiet, not for its end, and what comes later is read and dropped,
   * so that the process does not die of a broken pipe.
   */
  settle(): Promise<void>;
}

export function passOutput(
  stream: OutputStream,
  source: Readable,
  send: (bytes: Buffer) => Promise<void>,
  waitToLook: () => Promise<void> = () => pause(lookMs),
): Output {
  const code = Buffer.from([streamCodes[stream]]);
  let chunkCount = 0;
  let sending = false;
  let dropping = false;
  const closed = new Promise<true>((resolve) => source.once("close", () => resolve(true)));

  source.on("data", (chunk: Buffer) => {
    if (dropping) return;
    chunkCount++;
    sending = true;
    source.pause();
    const goOn = () => {
      sending = false;
      source.resume();
    };
    send(Buffer.concat([code, chunk])).then(goOn, () => {
      // The supervisor is gone, and with it soon this process.
      dropping = true;
      goOn();
    });
  });
  source.on("error", () => undefined);

  return {
    async settle() {
      let quiet = 0;
      for (let looks = 0; looks < maxLooks && quiet < quietLooks; looks++) {
        const before = chunkCount;
        if ((await Promise.race([closed, waitToLook()])) === true) return;
        // Time that the supervisor takes is not the command's.
        if (sending) looks--;
        quiet = sending || chunkCount > before ? 0 : quiet + 1;
      }
      dropping = true;
    },
  };
}
