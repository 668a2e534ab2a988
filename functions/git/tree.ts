// What may stand in a file tree that crosses between the supervisor, the workspace and git?

/** One file of a tree. A symbolic link (mode 120000) has its target as content and is never followed. */
export interface TreeFile {
  path: string;
  mode: "100644" | "100755" | "120000";
  content: Buffer;
}

/** What the workspace says it holds: `oid` is git's blob id of the content. */
export interface ManifestEntry {
  path: string;
  mode: TreeFile["mode"];
  size: number;
  oid: string;
}

const maxPathBytes = 4096;
const maxNameBytes = 255;
/** Trees are gone through from folder to folder, each on top of the one before. */
const maxNames = 256;
const mostNamesShown = 20;
/** Shorter ones are no secrets that a scan would find. */
const wholeNameLength = 16;

/** The reason why a path may not stand in a tree, or undefined when it may. Paths are relative, with `/` between names. */
export function whyBadPath(path: string): string | undefined {
  if (path === "") return "the path is empty";
  if (Buffer.byteLength(path) > maxPathBytes) return `the path is longer than ${maxPathBytes} bytes`;
  if (/\p{Cc}/u.test(path)) return "the path holds a control character";
  const names = path.split("/");
  if (names.length > maxNames) return `the path has more than ${maxNames} names`;
  for (const name of names) {
    if (name === "" || name === "." || name === "..") return "the path is not a plain relative path";
    if (Buffer.byteLength(name) > maxNameBytes) return `a name is longer than ${maxNameBytes} bytes`;
    if (isGitDirectoryName(name)) return "the path goes through a .git directory";
  }
  return undefined;
}

/**
 * Adds the folders that a path lies in to those that are known, and answers which are new. From the path upwards, as far
 * as somebody has been already: else a few thousand files in a few thousand folders would take minutes.
 */
export function addFolders(path: string, known: Set<string>): string[] {
  const added: string[] = [];
  for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
    const folder = path.slice(0, slash);
    if (known.has(folder)) break; // and so are those above it
    known.add(folder);
    added.push(folder);
  }
  return added;
}

/**
 * For messages: a path as the agent chose it may hold a secret, and a failure is read by more people than the work. Of a
 * long name only the beginning is shown.
 */
export function namePath(path: string): string {
  const names = path.slice(0, maxPathBytes).split("/").slice(0, mostNamesShown);
  const shown = names.map((name) => (name.length > wholeNameLength ? `${name.slice(0, 4)}…(${name.length})` : name));
  return JSON.stringify(shown.join("/").toWellFormed());
}

/** Also the spellings that other file systems take for `.git`: case, trailing dots and spaces, ignorable code points. */
function isGitDirectoryName(name: string): boolean {
  // Nearly every name ends here, and there can be millions of them.
  if (!/^[.gG\u0080-\uffff]/.test(name)) return false;
  const plain = name
    .replace(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, "")
    .toLowerCase()
    .split(":")[0];
  return /^(\.git|git~\d+)[. ]*$/.test(plain ?? "");
}
