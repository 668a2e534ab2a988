// How do the messages of a queue outlive this process? Each is a file, written before its sender is answered.
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { Message } from "./queue.ts";

export interface KeptMessages {
  load(): Message[];
  /** As it now is; the file that was there before is replaced. */
  keep(message: Message): void;
  forget(messageId: string): void;
}

/** The longest that SQS keeps a message. */
const retentionMs = 14 * 24 * 60 * 60 * 1000;

/** Synchronous, as the queue is: what it has answered is on disk. Meant for the few messages that people send. */
export function keepMessages(directory: string, now: () => number): KeptMessages {
  const pathOf = (messageId: string) => join(directory, `${messageId}.json`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });

  function read(name: string): Message[] {
    const path = join(directory, name);
    // Half a file, of a write that nobody was told of.
    if (!name.endsWith(".json")) rmSync(path, { force: true });
    if (!name.endsWith(".json")) return [];
    try {
      const message = JSON.parse(readFileSync(path, "utf8")) as Message;
      if (message.sentAt > now() - retentionMs) return [message];
      rmSync(path, { force: true });
    } catch (error) {
      console.error(`the message in ${path} cannot be read; it is left there`, error);
    }
    return [];
  }

  return {
    load: () => readdirSync(directory).flatMap(read),
    keep(message) {
      const temporaryPath = `${pathOf(message.id)}.tmp`;
      const file = openSync(temporaryPath, "w", 0o600);
      try {
        writeSync(file, JSON.stringify(message));
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temporaryPath, pathOf(message.id));
    },
    forget: (messageId) => rmSync(pathOf(messageId), { force: true }),
  };
}
