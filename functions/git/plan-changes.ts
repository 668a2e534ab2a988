// What do changed and deleted paths ask of each directory? Checked here, since the paths come from the sandbox.
import { setImmediate as breathe } from "node:timers/promises";
import { namePath, type TreeFile, whyBadPath } from "./tree.ts";
import { bytesOfText } from "./tree-object.ts";

/** A path that may not be committed, and why. The message is fit for the agent. */
export class BadPathError extends Error {
  readonly path: string;
  constructor(path: string, why: string) {
    super(`${namePath(path)} cannot be committed: ${why}.`);
    this.path = path;
  }
}

export interface WrittenFile {
  mode: TreeFile["mode"];
  oid: string;
}

/** One name in a directory: written, deleted, or only passed through to what is `below` it (by raw name). */
export interface PlannedChange {
  path: string;
  written?: WrittenFile;
  deleted: boolean;
  below: Map<string, PlannedChange>;
}

const charactersAtOnce = 2 ** 18;
const fileModes = new Set<string>(["100644", "100755", "120000"]);

/** Of one path; `seen` holds those before it. */
export function checkPath(path: string, seen: Set<string>): void {
  const why = path.isWellFormed() ? whyBadPath(path) : "the path is not Unicode text";
  if (why) throw new BadPathError(path, why);
  if (seen.has(path)) throw new BadPathError(path, "it is named twice");
  seen.add(path);
}

export function checkFile({ path, mode }: TreeFile, seen: Set<string>): void {
  checkPath(path, seen);
  if (!fileModes.has(mode)) throw new BadPathError(path, `${mode} is not the mode of a file`);
}

/** Lets others in now and then: of all paths together there can be tens of millions of names. */
export async function planChanges(written: ReadonlyMap<string, WrittenFile>, deleted: readonly string[]) {
  const root: PlannedChange = { path: "", deleted: false, below: new Map() };
  let characters = 0;
  const breatheAfter = async (path: string) => {
    characters += path.length;
    if (characters < charactersAtOnce) return;
    characters = 0;
    await breathe();
  };
  for (const path of deleted) {
    reach(root, path).deleted = true;
    await breatheAfter(path);
  }
  for (const [path, file] of written) {
    reach(root, path).written = file;
    await breatheAfter(path);
  }
  refuseBelowFile(root);
  return root;
}

function refuseBelowFile(change: PlannedChange, file?: string): void {
  if (change.written && file !== undefined) {
    throw new BadPathError(change.path, `${namePath(file)} is a file in the same change`);
  }
  for (const below of change.below.values()) refuseBelowFile(below, change.written ? change.path : file);
}

function reach(root: PlannedChange, path: string): PlannedChange {
  let node = root;
  for (const name of path.split("/")) {
    const key = bytesOfText(name);
    const next = node.below.get(key) ?? {
      path: node.path ? `${node.path}/${name}` : name,
      deleted: false,
      below: new Map(),
    };
    node.below.set(key, next);
    node = next;
  }
  return node;
}
