// What do changed and deleted paths ask of each directory? Checked here, since the paths come from the sandbox.
import { type TreeFile, whyBadPath } from "./tree.ts";
import { bytesOfText } from "./tree-object.ts";

/** A path that may not be committed, and why. The message is fit for the agent. */
export class BadPathError extends Error {
  readonly path: string;
  constructor(path: string, why: string) {
    super(`${JSON.stringify(path)} cannot be committed: ${why}.`);
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

const fileModes = new Set<string>(["100644", "100755", "120000"]);

export function checkChanges(changed: TreeFile[], deleted: string[]): void {
  const seen = new Set<string>();
  for (const path of [...changed.map((file) => file.path), ...deleted]) {
    const why = path.isWellFormed() ? whyBadPath(path) : "the path is not Unicode text";
    if (why) throw new BadPathError(path, why);
    if (seen.has(path)) throw new BadPathError(path, "it is named twice");
    seen.add(path);
  }
  for (const { path, mode } of changed) {
    if (!fileModes.has(mode)) throw new BadPathError(path, `${mode} is not the mode of a file`);
  }
}

export function planChanges(written: Map<string, WrittenFile>, deleted: string[]): PlannedChange {
  const root: PlannedChange = { path: "", deleted: false, below: new Map() };
  for (const path of deleted) reach(root, path).deleted = true;
  for (const [path, file] of written) {
    for (const parent of parentsOf(path)) {
      if (written.has(parent)) throw new BadPathError(path, `${JSON.stringify(parent)} is a file in the same change`);
    }
    reach(root, path).written = file;
  }
  return root;
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

function parentsOf(path: string): string[] {
  const names = path.split("/");
  return names.slice(1).map((_, index) => names.slice(0, index + 1).join("/"));
}
