// Does a workspace hold more than its limit, where it has no disk of its own?
import { spawn } from "node:child_process";
import { statfsSync, statSync } from "node:fs";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import type { ContainerLimits, ContainerRecord } from "../containers.ts";
import { isRoot } from "./ordinary-user.ts";
import { isAlive, listProcesses } from "./process-table.ts";
import { listMembers, measureUnlinked } from "./usage.ts";

export interface WatchedDisk {
  record: ContainerRecord;
  limits: ContainerLimits;
  workspace: string;
  onExceeded(): void;
}

interface Amount {
  bytes: number;
  files: number;
}

const mebibyte = 2 ** 20;
const glanceMs = 200;
/** A walk through the workspace is dear. It may take this part of the time, and comes at least this often. */
const walkShare = 0.05;
const walkEveryMs = 30_000;
/** As many files as an image of that size has room for. */
const bytesPerFile = 8192;

/**
 * Measured, so late by up to a walk, and blind for what is hidden from us: files without a name that are mapped but
 * not open. Whatever is written, by whomever, takes free space: so a walk is due when the workspace could have grown
 * over its limit by that, which one call tells.
 */
export async function watchDisk(one: WatchedDisk, signal: AbortSignal): Promise<void> {
  const most: Amount = { bytes: one.limits.diskMb * mebibyte, files: (one.limits.diskMb * mebibyte) / bytesPerFile };
  let held: Amount = { bytes: 0, files: 0 };
  let free = readFree(one.workspace);
  let walkedAt = -walkEveryMs;
  let tookMs = 0;
  while (!signal.aborted && isAlive(one.record)) {
    const now = performance.now();
    const freeNow = readFree(one.workspace);
    const mayHold = { bytes: held.bytes + free.bytes - freeNow.bytes, files: held.files + free.files - freeNow.files };
    const rested = now - walkedAt > tookMs / walkShare;
    if (now - walkedAt > walkEveryMs || (rested && isOver(mayHold, most))) {
      held = await measure(one);
      if (signal.aborted) return;
      if (isOver(held, most)) return one.onExceeded();
      free = freeNow;
      walkedAt = now;
      tookMs = performance.now() - now;
    }
    await delay(glanceMs, undefined, { ref: false });
  }
}

const isOver = (held: Amount, most: Amount) => held.bytes > most.bytes || held.files > most.files;

/** Some file systems do not count files: then only the walks that come anyway find too many. */
function readFree(path: string): Amount {
  const { bavail, bsize, ffree } = statfsSync(path);
  return { bytes: bavail * bsize, files: ffree };
}

/** `du` goes down relative to open directories and follows no link, as the agent may rename what it walks through. */
async function measure({ record, workspace }: WatchedDisk): Promise<Amount> {
  const members = listMembers(record.pid, listProcesses());
  const [blocks, inodes] = await Promise.all([du(workspace, "--block-size=1"), du(workspace, "--inodes")]);
  return { bytes: blocks + measureUnlinked(members, statSync(workspace).dev), files: inodes };
}

/** In a user namespace we may read what the agent closed to everyone: its files are ours there. */
const asReader = "--unshare-user --uid 0 --gid 0 --cap-drop ALL --cap-add CAP_DAC_READ_SEARCH --ro-bind / /".split(" ");

/** It fails for what goes away meanwhile, and tells the sum all the same; its complaints may have any length. */
async function du(path: string, unit: string): Promise<number> {
  const reader = isRoot() ? [] : ["bwrap", ...asReader];
  const child = spawn("nice", [...reader, "du", "-sx", unit, "--", path], { stdio: ["ignore", "pipe", "ignore"] });
  return Number.parseInt(await text(child.stdout), 10) || 0;
}
