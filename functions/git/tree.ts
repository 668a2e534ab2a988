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

/** The reason why a path may not stand in a tree, or undefined when it may. Paths are relative, with `/` between names. */
export function whyBadPath(path: string): string | undefined {
  if (path === "") return "the path is empty";
  if (Buffer.byteLength(path) > maxPathBytes) return `the path is longer than ${maxPathBytes} bytes`;
  if (/\p{Cc}/u.test(path)) return "the path holds a control character";
  for (const name of path.split("/")) {
    if (name === "" || name === "." || name === "..") return "the path is not a plain relative path";
    if (Buffer.byteLength(name) > maxNameBytes) return `a name is longer than ${maxNameBytes} bytes`;
    if (isGitDirectoryName(name)) return "the path goes through a .git directory";
  }
  return undefined;
}

/** Also the spellings that other file systems take for `.git`: case, trailing dots and spaces, ignorable code points. */
function isGitDirectoryName(name: string): boolean {
  const plain = name
    .replace(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, "")
    .toLowerCase()
    .split(":")[0];
  return /^(\.git|git~\d+)[. ]*$/.test(plain ?? "");
}
