// Where does what a container prints go?
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import type { ContainerSpec, TaskFolder } from "../containers.ts";

/** What a confined container may print in all; the rest is dropped, so that an agent cannot fill the disk this way. */
export const logBytes = 1 << 20;

const tailBytes = 2000;

export interface ContainerLog {
  descriptor: number;
  /** The end of what was printed since this start. */
  readNew(): string;
  close(): void;
}

export function openLog(folder: TaskFolder, spec: ContainerSpec): ContainerLog {
  if (!/^[\w-]+$/.test(spec.name)) throw new Error(`A container cannot be named "${spec.name}".`);
  const descriptor = openSync(join(folder.root, `${spec.name}.log`), "a+", 0o600);
  const start = fstatSync(descriptor).size;
  return { descriptor, readNew: () => readTail(descriptor, start), close: () => closeSync(descriptor) };
}

function readTail(descriptor: number, start: number): string {
  const { size } = fstatSync(descriptor);
  const from = Math.max(start, size - tailBytes);
  const bytes = Buffer.alloc(size - from);
  readSync(descriptor, bytes, 0, bytes.length, from);
  return bytes.toString().trim();
}
